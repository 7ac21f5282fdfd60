"""What a migration's build lacks is found before it serves; what liked answers cite is no judgement."""

import pytest

from lethe.indexing.migration import checking
from lethe.model.feedback import Feedback, Verdict
from lethe.model.ids import Id
from lethe.model.migrations import MigrationState
from tests.contract.ledger_rows import answer, at, citation
from tests.unit.indexing.migrating import Migrating, over, twice
from tests.unit.indexing.world import World

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")


@pytest.fixture
async def migrating(world: World, monkeypatch: pytest.MonkeyPatch) -> Migrating:
    monkeypatch.setattr(checking, "PAGE", 5)
    return await over(world, *twice(*WORDS))


@pytest.mark.parametrize("lost", [1, 7, 12])
async def test_what_a_build_is_to_hold_and_does_not_is_refused_without_any_question(
    migrating: Migrating, lost: int
) -> None:
    world, ref = migrating.world, await migrating.begun()
    build = await world.build(ref)
    await world.index.delete_objects(build, sorted(world.memory.held(build))[:lost])
    judged = await migrating.judged(ref)
    row = await migrating.row(ref)
    assert (judged.failures, row.state) == (["vectors_missing"], MigrationState.REFUSED)
    assert (row.report["missing"], row.report["vectors"]) == (lost, 12 - lost)


async def test_what_came_or_went_since_the_build_was_brought_up_to_date_is_not_missing(migrating: Migrating) -> None:
    world, ref = migrating.world, await migrating.begun()
    await world.write(0, "replaced")
    await world.delete(1)
    await world.write(9, "new")
    await world.remove()
    assert (await migrating.judged(ref)).passed
    assert (await migrating.row(ref)).report["missing"] == 0


async def test_what_a_liked_answer_cites_is_told_and_is_no_judgement(migrating: Migrating) -> None:
    for number, word in enumerate(WORDS):
        await liked(migrating.world, await migrating.asked(word), number)
    ref = await migrating.begun()
    await migrating.serving(ref)
    found = (await migrating.row(ref)).report["figures"]
    assert (found["judged"], found["ndcg_before"]) == (0, None)
    assert (found["liked"], found["cited_kept"]) == (6, 1.0)


async def liked(world: World, question_id: Id, number: int) -> None:
    """Its answer cites the document with this number."""
    async with world.ledger.write() as uow:
        document = await uow.documents.get(world.tenant_id, world.documents[number])
        question = await uow.questions.get(world.tenant_id, question_id)
        assert document
        assert question
        (chunk, *_) = await uow.chunks.of_version(world.tenant_id, document.live_version_id or "")
        await uow.questions.put_answer(answer(question, [citation(1, chunk)]))
        await uow.feedback.put(Feedback(world.tenant_id, question_id, Verdict.UP, None, at(0)))
