"""What nobody holds any more is embedded again, and what an audit found stands in the worker's metrics."""

import time
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete
from weaviate.collections import CollectionAsync

from lethe.adapters.sql.engine import make_engines, transaction
from lethe.adapters.sql.tables import chunk_vectors
from lethe.model.audits import AuditTrigger
from lethe.model.ids import Id, new_id
from lethe.settings import EmbeddingProvider, LimitSettings, WeaviateSettings
from tests.conftest import settings_at
from tests.contract.providers import provider_settings
from tests.integration.installation import Installation, WorkerProcess, installation
from tests.integration.snapshot import vector_store
from tests.integration.test_audit import active_build, chunk_ids, differences, found, ingested
from tests.servers.embedding_provider import Behaviour, Kind
from tests.servers.embedding_provider import EmbeddingProvider as StandIn

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

Objects = CollectionAsync[Any, Any]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outside(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory, stand_in: StandIn
) -> AsyncGenerator[tuple[Installation, WorkerProcess]]:
    """A worker runs that asks the stand-in for every vector."""
    state: Path = tmp_path_factory.mktemp("outside")
    provider = provider_settings(EmbeddingProvider.OPENAI, stand_in, region="eu-north")
    base = settings_at(state).model_copy(update={"limits": LimitSettings(drop_after_seconds=1), **provider})
    async with installation(base, temporal_address, weaviate) as ready, ready.worker() as worker:
        yield ready, worker


async def test_holes_whose_vectors_are_lost_too_are_embedded_again_and_all_of_it_is_told(
    outside: tuple[Installation, WorkerProcess], stand_in: StandIn
) -> None:
    running, worker = outside
    began = time.time()
    ids = await chunk_ids(running, await ingested(running, 5, "losses"))
    build = await active_build(running)
    async with vector_store(running) as client:
        objects = client.collections.use(build.collection).with_tenant(build.physical_tenant)
        before = await vectors(objects, ids)
        # Three are gone from the index, of two of them the ledger has no vector either; two are strangers.
        for chunk_id in ids[:3]:
            assert await objects.data.delete_by_id(chunk_id)
        await lose_vectors(running, ids[:2])
        for _ in range(2):
            await objects.data.insert({"version_id": new_id()}, vector=[0.1] * len(before[ids[0]]))

        stand_in.forget()
        stand_in.will(then=Behaviour(kind=Kind.STATUS, status=500))
        assert differences(await found(running)) == (2, 3, 0, 3)
        assert metrics(worker)["rag_index_orphans"] == {"vector": 2, "keyword": 0, "blob": 0}
        assert metrics(worker)["rag_index_holes"] == {"vector": 3, "keyword": 0, "blob": 0}

        stand_in.forget()
        assert differences(await found(running)) == (0, 2, 0, 2)
        assert sum(len(seen.inputs) for seen in stand_in.seen) == 2
        told = metrics(worker)
        assert (told["rag_index_holes"]["vector"], told["rag_index_orphans"]["vector"]) == (2, 0)
        assert told["rag_audit_repairs_total"]["vector"] == 5
        assert told["rag_audit_last_end_timestamp_seconds"][""] > began

        after = await vectors(objects, ids)
    assert all(np.allclose(after[chunk_id], before[chunk_id], atol=1e-6) for chunk_id in ids)
    assert differences(await found(running)) == (0, 0, 0, 0)
    assert metrics(worker)["rag_index_holes"] == {"vector": 0, "keyword": 0, "blob": 0}


async def test_a_text_that_is_refused_does_not_keep_the_others_from_their_vectors(
    outside: tuple[Installation, WorkerProcess], stand_in: StandIn
) -> None:
    running, worker = outside
    ids = await chunk_ids(running, await ingested(running, 5, "refusal"))
    build = await active_build(running)
    async with vector_store(running) as client:
        objects = client.collections.use(build.collection).with_tenant(build.physical_tenant)
        for chunk_id in ids[:3]:
            assert await objects.data.delete_by_id(chunk_id)
    await lose_vectors(running, ids[:3])
    refusal = Behaviour(kind=Kind.STATUS, status=400)
    stand_in.forget()
    stand_in.will(refusal, refusal)  # all of them together, then the first alone
    for holes in (2, 0):
        tally = await found(running)
        assert (differences(tally), tally.refused) == ((0, holes, 0, holes), 1)
        assert metrics(worker)["rag_index_refused"] == {"": 1}
    tally = await found(running, AuditTrigger.SCHEDULE)
    assert (differences(tally), tally.refused) == ((0, 1, 0, 1), 0)
    assert metrics(worker)["rag_index_refused"] == {"": 0}


async def vectors(objects: Objects, ids: Collection[Id]) -> Mapping[Id, Sequence[float]]:
    held = await objects.query.fetch_objects_by_ids(list(ids), include_vector=True)
    return {str(item.uuid): np.asarray(item.vector["default"]).tolist() for item in held.objects}


async def lose_vectors(running: Installation, ids: Collection[Id]) -> None:
    engines = make_engines(running.settings.sql_url, running.settings.sql)
    async with transaction(engines.writing) as connection:
        gone = await connection.execute(delete(chunk_vectors).where(chunk_vectors.c.chunk_id.in_(ids)))
    await engines.close()
    assert gone.rowcount == len(ids)


def metrics(worker: WorkerProcess) -> dict[str, dict[str, float]]:
    """What the worker tells Prometheus, by name and kind."""
    page = httpx.get(f"http://127.0.0.1:{worker.metrics_port}/metrics", trust_env=False).text
    told: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            told.setdefault(sample.name, {})[sample.labels.get("kind", "")] = sample.value
    return told
