"""The gate of a migration over the real vector store: what it refuses, and what it passes."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.weaviate import WeaviateIndex
from lethe.model.index_parameters import IndexParameters
from lethe.model.indexes import BuildState, IndexBuild
from lethe.model.migrations import Judgement, MigrationState
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors
from lethe.ports.vectors import IndexObject
from lethe.settings import Settings, WeaviateSettings
from tests.unit.indexing.migrating import Migrating, over
from tests.unit.indexing.world import World

WORDS = ("lift", "drag", "wing", "heat", "flow", "shock", "wave", "jet", "blade", "noise")


class Swapping(WeaviateIndex):
    """Two objects of the next write get each other's vectors, if that is asked for."""

    swaps = False

    async def upsert(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        if self.swaps and len(objects) > 1:
            one, other, *rest = objects
            objects, self.swaps = [replace(one, vector=other.vector), replace(other, vector=one.vector), *rest], False
        await super().upsert(build, objects)


class Forgetful(HashEmbedder):
    """A bad model: a passage's vector says nothing about it, the same each time."""

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        vectors = await super().embed(texts, kind, origin)
        return vectors if kind is InputKind.QUERY else np.roll(vectors, 191, axis=1)


async def opened(settings: Settings, weaviate: WeaviateSettings, embedder: HashEmbedder) -> Migrating:
    index = Swapping.from_settings(settings.model_copy(update={"weaviate": weaviate}))
    world = await World.open(settings, index=index, embedder=embedder)
    lines = [[f"{word} {other} {number}" for other in WORDS[:4]] for number, word in enumerate(WORDS)]
    return await over(world, *("\n".join(each) for each in lines))


@pytest.fixture
async def migrating(sqlite_settings: Settings, weaviate: WeaviateSettings) -> AsyncGenerator[Migrating]:
    made = await opened(sqlite_settings, weaviate, HashEmbedder())
    yield made
    for build in await made.world.builds():
        await made.world.index.drop_build(build)
    await made.world.close()


async def assert_refused(migrating: Migrating, codes: list[str]) -> None:
    """For these reasons; the build goes, and nothing was switched."""
    ref = await migrating.begun()
    judged = await migrating.judged(ref)
    assert (judged.passed, judged.failures) == (False, codes)
    build = await migrating.world.build(ref)
    await migrating.world.cutover.abort(ref)
    await migrating.runner.settle(ref)
    assert not await migrating.world.index.exists(build)
    assert (await migrating.row(ref)).state is MigrationState.REFUSED
    (left,) = await migrating.world.builds()
    assert (left.state, left.spec) == (BuildState.ACTIVE, migrating.world.embedder.spec.key)


async def test_the_same_model_kept_otherwise_passes(migrating: Migrating) -> None:
    for word in WORDS[:5]:
        await migrating.asked(f"{word} lift")
    ref = await migrating.begun(migrating.world.embedder.spec.key, parameters=IndexParameters(ef=128, connections=16))
    await migrating.serving(ref)
    report = (await migrating.row(ref)).report
    assert (report["vectors"], report["sampled"], report["figures"]["questions"]) == (40, 40, 5)
    assert report["figures"]["overlap"] >= 0.9


async def test_vectors_of_another_model_with_as_many_dimensions_are_refused(migrating: Migrating) -> None:
    world = migrating.world
    for document_id in world.documents.values():
        async with world.ledger.write() as uow:
            document = await uow.documents.get(world.tenant_id, document_id)
            version_id = (document and document.live_version_id) or ""
            wrong = await uow.chunks.vectors(world.tenant_id, version_id, world.embedder.spec.key)
            await uow.chunks.put_vectors([replace(each, spec=world.other.spec.key) for each in wrong.values()])
    await assert_refused(migrating, ["vectors_of_another_model"])


async def test_five_percent_of_the_vectors_swapped_between_chunks_are_refused(migrating: Migrating) -> None:
    assert isinstance(migrating.world.index, Swapping)
    migrating.world.index.swaps = True
    await assert_refused(migrating, ["vectors_moved", "vectors_of_another_model"])


async def test_a_better_model_passes(sqlite_settings: Settings, weaviate: WeaviateSettings) -> None:
    migrating = await opened(sqlite_settings, weaviate, Forgetful())
    world = migrating.world
    judgements = [
        Judgement(await migrating.asked(f"{WORDS[number]} {number}"), (world.documents[number],)) for number in range(6)
    ]
    ref = await migrating.begun(judgements=tuple(judgements))
    await migrating.serving(ref)
    found = (await migrating.row(ref)).report["figures"]
    assert found["judged"] == 6
    assert found["ndcg_after"] >= found["ndcg_before"]
    for build in await world.builds():
        await world.index.drop_build(build)
    await world.close()
