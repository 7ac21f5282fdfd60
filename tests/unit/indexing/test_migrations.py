"""Migrations through their steps: what the gate refuses and passes, who may ask what when, and the way back."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from lethe.contracts.indexing import BuildRef
from lethe.errors import (
    ChunksTooLong,
    IllegalMigrationMove,
    MigrationInProgress,
    MigrationNotFound,
    UnknownEmbeddingModel,
)
from lethe.indexing.migration.planning import MigrationWish
from lethe.model.ids import new_id
from lethe.model.index_parameters import IndexParameters
from lethe.model.indexes import BuildState
from lethe.model.migrations import Judgement, MigrationMove, MigrationState
from lethe.model.operations import DispatchKind
from lethe.ports.embedding import InputKind
from lethe.ports.vectors import HybridQuery
from lethe.privacy.sealing import seal_vector
from lethe.settings import MigrationSettings
from tests.contract.ledger_rows import add_tenant
from tests.unit.indexing.migrating import Migrating, over
from tests.unit.indexing.world import World

WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")


@pytest.fixture
async def migrating(world: World) -> Migrating:
    lines = [[f"{WORDS[number]} {WORDS[place]} {number}" for place in range(4)] for number in range(10)]
    return await over(world, *("\n".join(each) for each in lines))


async def refused(migrating: Migrating, ref: BuildRef) -> list[str]:
    """The failures told; nothing was switched, and the build goes."""
    judged = await migrating.judged(ref)
    row = await migrating.row(ref)
    assert (judged.passed, row.state, row.code) == (False, MigrationState.REFUSED, judged.failures[0])
    assert row.report["failures"] == judged.failures
    assert (await migrating.world.cutover.abort(ref)).builds == [ref.build_id]
    await migrating.runner.settle(ref)
    (left,) = await migrating.world.builds()
    assert (left.state, left.spec) == (BuildState.ACTIVE, migrating.world.embedder.spec.key)
    assert (await migrating.row(ref)).ended_at is not None
    return judged.failures


async def test_a_rebuild_by_the_same_model_passes(migrating: Migrating) -> None:
    await migrating.asked("alpha beta")
    ref = await migrating.begun(migrating.world.embedder.spec.key)
    await migrating.serving(ref)
    report = (await migrating.row(ref)).report
    assert (report["vectors"], report["sampled"], report["figures"]["overlap"]) == (40, 40, 1.0)
    assert report["least_cosine"] > 0.9999


async def test_a_better_model_passes_by_its_judged_questions(migrating: Migrating) -> None:
    """The replaced build's vectors say nothing; the new model's tell the documents apart."""
    world = migrating.world
    (old,) = await world.builds()
    noise = np.random.default_rng(7)
    for item in world.memory.held(old).values():
        vector = noise.normal(size=item.vector.shape).astype(np.float32)
        await world.index.upsert(old, [replace(item, terms="same", vector=vector / np.linalg.norm(vector))])
    judgements: list[Judgement] = []
    for number in range(6):
        question = await migrating.asked(f"{WORDS[number]} {WORDS[0]} {number}")
        judgements.append(Judgement(question, (world.documents[number],)))
    ref = await migrating.begun(judgements=tuple(judgements))
    await migrating.serving(ref)
    found = (await migrating.row(ref)).report["figures"]
    assert found["judged"] == 6
    assert found["ndcg_after"] > found["ndcg_before"] + 0.2


async def test_vectors_of_another_model_with_as_many_dimensions_are_refused(migrating: Migrating) -> None:
    """The ledger records them under the target's spec as well: only the model itself tells."""
    world = migrating.world
    for number in range(10):
        async with world.ledger.read() as uow:
            document = await uow.documents.get(world.tenant_id, world.documents[number])
            version_id = (document and document.live_version_id) or ""
            wrong = await uow.chunks.vectors(world.tenant_id, version_id, world.embedder.spec.key)
        async with world.ledger.write() as uow:
            await uow.chunks.put_vectors([replace(each, spec=world.other.spec.key) for each in wrong.values()])
    ref = await migrating.begun()
    assert world.other.texts == []
    assert await refused(migrating, ref) == ["vectors_of_another_model"]


async def test_five_percent_of_the_vectors_swapped_between_chunks_are_refused(migrating: Migrating) -> None:
    world = migrating.world
    ref = await migrating.begun()
    build = await world.build(ref)
    held = list(world.memory.held(build).values())
    one, other = held[0], held[17]
    await world.index.upsert(build, [replace(one, vector=other.vector), replace(other, vector=one.vector)])
    assert await refused(migrating, ref) == ["vectors_moved", "vectors_of_another_model"]
    row = await migrating.row(ref)
    assert (row.report["moved"], row.report["vectors"]) == (2, 40)


async def test_five_percent_swapped_in_the_ledger_too_are_found_by_embedding_again(migrating: Migrating) -> None:
    world = migrating.world
    first = await migrating.begun()
    held = world.memory.held(await world.build(first))
    await world.cutover.abort(first)
    await migrating.runner.settle(first)
    one, other = min(held), sorted(held)[17]
    async with world.ledger.read() as uow:
        kinds = [each.kind for each in await uow.dispatches.pending(world.pipeline.clock.now() + timedelta(1), 50)]
        recorded = await uow.chunks.vectors_by_id(world.tenant_id, world.other.spec.key, [one, other])
    assert kinds.count(DispatchKind.RECHECK_ERASURES) == 1
    for chunk_id, vector in ((one, held[other].vector), (other, held[one].vector)):
        key = await world.pipeline.keyring.get(world.tenant_id, recorded[chunk_id].version_id)
        async with world.ledger.write() as uow:
            await uow.chunks.put_vectors([replace(recorded[chunk_id], sealed_vector=seal_vector(key, vector))])
    assert await refused(migrating, await migrating.begun()) == ["vectors_of_another_model"]


async def test_broken_vectors_and_those_nobody_recorded_are_told_apart(migrating: Migrating) -> None:
    world = migrating.world
    ref = await migrating.begun()
    build = await world.build(ref)
    one, other, *_ = world.memory.held(build).values()
    broken = np.full(one.vector.shape, np.nan, np.float32)
    await world.index.upsert(build, [replace(one, vector=broken), replace(other, vector=other.vector * 2)])
    assert (await refused(migrating, ref))[0] == "vectors_broken"
    assert (await migrating.row(ref)).report["broken"] == 2


async def test_a_build_that_finds_other_passages_is_refused_without_judgements(migrating: Migrating) -> None:
    strict = replace(migrating, settings=MigrationSettings(overlap_other=1.0, latency_free_ms=60_000))
    for word in WORDS[:4]:
        await migrating.asked(f"unheard words of {word}s")
    ref = await strict.begun()
    assert await refused(strict, ref) == ["overlap_low"]


async def test_a_rollback_without_lag_gives_the_earlier_answers_at_once(migrating: Migrating) -> None:
    world, probes = migrating.world, [f"{word} alpha" for word in WORDS]
    before = [await answers(world, probe) for probe in probes]
    ref = await migrating.begun()
    await migrating.serving(ref)
    assert await answers(world, probes[0]) != ()
    standing = await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK)
    assert (standing.migration.state, standing.lag) == (MigrationState.ROLLED_BACK, 0)
    assert [await answers(world, probe) for probe in probes] == before
    again = await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK)
    assert again.migration == standing.migration
    assert (await world.cutover.finish(ref)).builds == [ref.build_id]
    await migrating.runner.settle(ref)
    assert (await migrating.row(ref)).state is MigrationState.ROLLED_BACK


async def test_a_rollback_with_lag_is_told_and_done_by_the_workflow(migrating: Migrating) -> None:
    world = migrating.world
    ref = await migrating.begun()
    await migrating.serving(ref)
    await world.write(11, "new text")
    standing = await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK)
    assert (standing.migration.state, standing.lag) == (MigrationState.SOAKING, 1)
    assert (await migrating.runner.look(ref)).goes_back
    old = next(build for build in await world.builds() if build.id != ref.build_id)
    assert await world.cutover.take_back(await world.back_to(world.ref(old)))
    await migrating.runner.settle(ref)
    assert (await migrating.row(ref)).state is MigrationState.ROLLED_BACK
    await world.assert_equal(await world.build(world.ref(old)))


async def test_what_a_state_does_not_take_is_refused(migrating: Migrating) -> None:
    ref = await migrating.begun()
    for move in (MigrationMove.CUTOVER, MigrationMove.ROLLBACK, MigrationMove.FINISH):
        with pytest.raises(IllegalMigrationMove):
            await migrating.migrations.move(migrating.caller, ref.build_id, move)
    await migrating.serving(ref)
    for move in (MigrationMove.PAUSE, MigrationMove.RESUME, MigrationMove.ABORT):
        with pytest.raises(IllegalMigrationMove):
            await migrating.migrations.move(migrating.caller, ref.build_id, move)
    with pytest.raises(MigrationNotFound):
        await migrating.migrations.move(migrating.caller, new_id(), MigrationMove.ABORT)


async def test_a_second_one_is_refused_and_what_cannot_be_is_said_first(migrating: Migrating) -> None:
    service, caller = migrating.migrations, migrating.caller
    with pytest.raises(UnknownEmbeddingModel):
        await service.plan(caller, MigrationWish(model="nobody's"))
    with pytest.raises(ChunksTooLong):
        await replace(service, planner=replace(service.planner, longest_chunk=255)).plan(caller, MigrationWish())
    plan = await service.plan(caller, MigrationWish(model=migrating.world.other.spec.key))
    assert (plan.chunks, plan.to_embed, plan.tokens, plan.cost_micros) == (40, 40, 40, 0)
    await migrating.begun()
    with pytest.raises(MigrationInProgress):
        await service.begin(caller, MigrationWish(), new_id())


async def test_the_same_model_kept_otherwise_embeds_nothing(migrating: Migrating) -> None:
    world = migrating.world
    parameters = IndexParameters(ef=64, connections=16)
    texts = len(world.embedder.texts)
    ref = await migrating.begun(world.embedder.spec.key, parameters=parameters)
    build = await world.build(ref)
    (old, _) = await world.builds()
    assert (build.parameters, build.collection != old.collection) == (parameters.key, True)
    assert len(world.embedder.texts) == texts
    await migrating.serving(ref)


async def test_a_pause_a_cutover_by_hand_and_a_canary_hold_it_up(migrating: Migrating) -> None:
    service = migrating.migrations
    ref = await migrating.begun(is_automatic=False)
    await service.move(migrating.caller, ref.build_id, MigrationMove.PAUSE)
    assert (await migrating.runner.look(ref)).is_paused
    await service.move(migrating.caller, ref.build_id, MigrationMove.RESUME)
    assert (await migrating.judged(ref)).passed
    look = await migrating.runner.look(ref)
    assert (look.is_paused, look.may_close) == (False, False)
    await service.move(migrating.caller, ref.build_id, MigrationMove.CUTOVER)
    assert (await migrating.runner.look(ref)).may_close


async def test_when_an_erasure_made_the_index_anew_there_is_no_way_back_and_it_has_ended_well(
    migrating: Migrating,
) -> None:
    world = migrating.world
    ref = await migrating.begun()
    await migrating.serving(ref)
    purge = await world.plan()
    await world.followed(purge)
    assert (await world.cutover.close(purge)).is_active
    with pytest.raises(IllegalMigrationMove):
        await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK)
    assert len((await world.cutover.finish(purge)).builds) == 2
    await world.cutover.finish(ref)
    await migrating.runner.settle(ref)
    assert (await migrating.row(ref)).state is MigrationState.FINISHED
    (left,) = await world.builds()
    assert (left.id, left.spec) == (purge.build_id, world.other.spec.key)


async def test_others_wait_for_a_canary_and_for_somebody_if_it_failed(migrating: Migrating) -> None:
    ref = await migrating.begun()
    tenant_id = await add_tenant(migrating.world.ledger)
    before = replace(await migrating.row(ref), tenant_id=tenant_id, id=new_id(), is_canary=True)
    async with migrating.world.ledger.write() as uow:
        await uow.migrations.add(before)
    for state, code in (
        (MigrationState.SOAKING, "canary_under_way"),
        (MigrationState.REFUSED, "canary_failed"),
        (MigrationState.FINISHED, ""),
    ):
        async with migrating.world.ledger.write() as uow:
            await uow.migrations.update(replace(before, state=state))
        look = await migrating.runner.look(ref)
        assert (look.may_close, (await migrating.row(ref)).code) == (not code, code)


async def answers(world: World, text: str) -> tuple[str, ...]:
    """What a question finds by the vectors of the build it reads, best first."""
    build = await world.reading(await world.seq())
    embedder = world.pipeline.model_of(build.spec)
    vector = (await embedder.embed([text], InputKind.QUERY))[0]
    hits = await world.index.search(build, HybridQuery(text, vector, 1.0, 10, frozenset({world.tenant_id})))
    return tuple(hit.chunk_id for hit in hits)
