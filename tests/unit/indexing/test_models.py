"""Two models of as many dimensions in one installation: each text and question by the model of the build it is for."""

import pytest

from lethe.contracts.indexing import BuildRef
from lethe.errors import EmbedderUnavailable
from lethe.ingestion.steps.indexing import index_versions
from lethe.ingestion.steps.switching import switch_versions
from lethe.model.answers import DegradedReason
from lethe.ports.embedding import InputKind
from lethe.ports.search import AskedVector, Found, SearchRequest
from lethe.retrieval.ladder import KeywordRung
from lethe.retrieval.search import Search
from lethe.settings import RetrievalSettings
from tests.unit.indexing.world import World


async def found(world: World, seq: int, asked: AskedVector | None = None, *, knows_other: bool = True) -> Found:
    search = Search(
        world.ledger, world.pipeline.keyring, world.index, world.embedder, RetrievalSettings(),
        KeywordRung(world.ledger, world.keywords), others=(world.other,) if knows_other else (),
    )  # fmt: skip
    request = SearchRequest(world.tenant_id, frozenset({world.tenant_id}), seq, "alpha", 3, 1.0, asked=asked)
    return await search.find(request)


async def migrated(world: World) -> BuildRef:
    ref = await world.plan(spec=world.other.spec.key)
    await world.followed(ref)
    assert (await world.cutover.close(ref)).is_active
    return ref


async def test_a_build_of_another_model_gets_that_models_vectors_once_for_each_text(world: World) -> None:
    await world.write(1, "alpha\nbeta")
    await world.write(2, "beta\ngamma")
    ref = await world.plan(spec=world.other.spec.key)
    await world.followed(ref)
    assert sorted(world.other.texts) == ["alpha", "beta", "gamma"]
    await world.assert_equal(await world.build(ref))
    await world.cutover.abort(ref)
    await world.followed(await world.plan(spec=world.other.spec.key))
    assert len(world.other.texts) == 3


async def test_a_model_that_does_not_answer_holds_up_its_build_alone(world: World) -> None:
    world.other.is_down = True
    await world.write(1, "alpha")
    ref = await world.plan(spec=world.other.spec.key)
    with pytest.raises(EmbedderUnavailable):
        await world.follower.step(ref)
    await world.write(2, "beta")
    assert (await found(world, await world.seq())).reasons == ()
    world.other.is_down = False
    await world.followed(ref)
    await world.assert_equal(await world.build(ref))


async def test_a_question_is_embedded_by_the_model_of_the_build_it_reads(world: World) -> None:
    await world.write(1, "alpha")
    before = await world.seq()
    ref = await migrated(world)
    world.embedder.texts.clear()
    world.other.texts.clear()
    late, now = await found(world, before), await found(world, await world.seq())
    assert (late.spec, now.spec) == (world.embedder.spec.key, world.other.spec.key)
    assert (world.embedder.texts, world.other.texts) == (["alpha"], ["alpha"])
    assert now.build_id == ref.build_id
    assert [round(each.passages[0].score, 3) for each in (late, now)] == [1.0, 1.0]


async def test_a_vector_of_another_model_is_not_searched_with_however_many_dimensions_it_has(world: World) -> None:
    await world.write(1, "alpha")
    vector = (await world.embedder.embed(["alpha"], InputKind.QUERY))[0]
    await migrated(world)
    asked = AskedVector(vector, spec=world.embedder.spec.key)
    world.other.texts.clear()
    (passage,) = (await found(world, await world.seq(), asked)).passages
    assert (round(passage.score, 3), world.other.texts) == (1.0, ["alpha"])


async def test_without_the_model_of_the_build_words_are_searched_and_that_is_told(world: World) -> None:
    await world.write(1, "alpha")
    await migrated(world)
    degraded = await found(world, await world.seq(), knows_other=False)
    assert (len(degraded.passages), degraded.reasons) == (1, (DegradedReason.EMBEDDER_DOWN,))


async def test_a_version_embedded_before_the_cutover_is_served_from_the_other_models_build(world: World) -> None:
    await world.write(1, "alpha")
    coming = await world.receive(2, "beta\ngamma")
    ref = await migrated(world)
    await index_versions(world.pipeline, world.tenant_id, [coming])
    await switch_versions(world.pipeline, world.tenant_id, [coming.id])
    await world.assert_equal(await world.build(ref))
    assert set(world.other.texts) == {"alpha", "beta", "gamma"}


async def test_what_comes_after_the_cutover_is_embedded_by_the_new_model_alone(world: World) -> None:
    await world.write(1, "alpha")
    ref = await migrated(world)
    world.embedder.texts.clear()
    await world.write(2, "delta")
    assert world.embedder.texts == []
    await world.assert_equal(await world.build(ref))
