"""A model that gives other vectors than it gave is noticed, and writes none from then on."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from lethe.adapters.fakes.embedding import DIMS, HashEmbedder
from lethe.contracts.probes import Probed, ProbeRef
from lethe.errors import EmbedderUnavailable, EmbeddingInvalid, EmbeddingModelChanged
from lethe.ingestion.probing import FIXED, Probing, cosine
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.model.documents import Status
from lethe.model.indexes import EmbeddingSpec
from lethe.model.probes import LEAST_COSINE
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors
from lethe.settings import MigrationSettings, ProbeSettings
from tests.unit.indexing.migrating import Migrating
from tests.unit.indexing.world import World


class Silent(HashEmbedder):
    """Another model by the name of the first one."""

    is_cut = False
    known_as = HashEmbedder().spec

    @property
    def spec(self) -> EmbeddingSpec:
        return self.known_as

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        if self.is_cut:
            raise EmbeddingInvalid
        return await super().embed(texts, kind, origin)


async def probe(world: World, pipeline: Pipeline | None = None, sample: int = 20) -> Probed:
    probing = Probing(pipeline or world.pipeline, ProbeSettings(sample=sample))
    return await probing.probe(ProbeRef(tenant_id=world.tenant_id))


async def is_stopped(world: World) -> bool:
    async with world.ledger.read() as uow:
        return await uow.probes.is_stopped(world.tenant_id, world.embedder.spec.key)


async def test_the_first_probe_remembers_and_the_next_compares(world: World) -> None:
    first = await probe(world)
    assert first == Probed(compared=0, worst=1.0, is_changed=False)
    await world.write(1, "alpha\nbeta")
    second = await probe(world)
    assert (second.compared, second.is_changed) == (len(FIXED) + 2, False)
    assert second.worst == pytest.approx(1.0, abs=1e-6)
    assert (await probe(world, sample=1)).compared == len(FIXED) + 1


@pytest.mark.parametrize("is_cut", [False, True])
async def test_another_model_stops_the_writing_until_the_former_is_back(world: World, is_cut: bool) -> None:
    await world.write(1, "alpha\nbeta")
    await probe(world)
    silent = Silent("another")
    silent.is_cut = is_cut
    changed = await probe(world, replace(world.pipeline, embedder=silent))
    assert changed.is_changed
    assert changed.worst < LEAST_COSINE
    assert await is_stopped(world)
    asked = len(world.embedder.texts)
    with pytest.raises(EmbeddingModelChanged):
        await world.write(2, "gamma")
    assert len(world.embedder.texts) == asked
    assert not (await probe(world)).is_changed
    assert not await is_stopped(world)
    await world.write(3, "gamma")


async def test_stored_chunks_tell_where_nothing_was_remembered(world: World) -> None:
    await world.write(1, "alpha\nbeta")
    assert (await probe(world, replace(world.pipeline, embedder=Silent("another")))).is_changed
    async with world.ledger.read() as uow:
        assert await uow.probes.references(world.tenant_id, world.embedder.spec.key) == {}
    async with world.ledger.write() as uow:
        assert await uow.probes.lift(world.tenant_id) == 1
        assert await uow.probes.lift(world.tenant_id) == 0
    assert not await is_stopped(world)


async def test_a_model_that_does_not_answer_is_neither(world: World) -> None:
    await probe(world)
    world.embedder.is_down = True
    with pytest.raises(EmbedderUnavailable):
        await probe(world)
    assert not await is_stopped(world)
    world.embedder.is_down = False
    assert not (await probe(world)).is_changed


@pytest.mark.parametrize("field", ["restricted_at", "fenced_at", "deleted_at", "status"])
async def test_what_nobody_may_find_is_not_sent_again(world: World, field: str) -> None:
    await world.write(1, "alpha")
    await world.write(2, "beta")
    change = {field: Status.QUARANTINED if field == "status" else world.pipeline.clock.now()}
    async with world.ledger.write() as uow:
        document = await uow.documents.get(world.tenant_id, world.documents[1])
        assert document
        await uow.documents.update(replace(document, **change))  # pyright: ignore[reportArgumentType]
    world.embedder.texts.clear()
    assert (await probe(world)).compared == 1
    assert [text for text in world.embedder.texts if text in {"alpha", "beta"}] == ["beta"]


async def test_nor_by_the_gate_of_a_migration(world: World) -> None:
    await world.write(1, "alpha")
    await world.write(2, "beta\ngamma\ndelta")
    migrating = Migrating(world, MigrationSettings())
    ref = await migrating.begun()
    async with world.ledger.write() as uow:
        document = await uow.documents.get(world.tenant_id, world.documents[2])
        assert document
        await uow.documents.update(replace(document, restricted_at=world.pipeline.clock.now()))
    world.other.texts.clear()
    assert (await migrating.judged(ref)).passed
    report = (await migrating.row(ref)).report
    assert (report["sampled"], report["withheld"], world.other.texts) == (1, 3, ["alpha"])


async def test_models_of_builds_that_do_not_serve_are_probed_too(world: World) -> None:
    await world.write(1, "alpha")
    await probe(world)
    await Migrating(world, MigrationSettings()).begun()
    await probe(world)
    changed = Silent("another")
    changed.known_as = world.other.spec
    assert (await probe(world, replace(world.pipeline, others=(changed,)))).is_changed
    async with world.ledger.read() as uow:
        stopped = {each.spec for each in await uow.probes.all(world.tenant_id) if each.is_changed}
    assert stopped == {world.other.spec.key}


def test_what_cannot_be_compared_is_not_alike() -> None:
    one = np.ones(DIMS, np.float32)
    assert cosine(one, one + one) == pytest.approx(1.0)
    for other in (one[1:], one - one, one * np.float32("nan")):
        assert cosine(one, other) == 0.0
