"""A provider that changes its model silently, through the real worker: what is sent meanwhile waits."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from lethe.contracts.probes import Probed, ProbeRef
from lethe.ingestion.probing import FIXED
from lethe.model.ids import new_id
from lethe.ports.search import SearchRequest
from lethe.settings import EmbeddingProvider, LimitSettings, WeaviateSettings
from tests.conftest import settings_at
from tests.contract.providers import provider_settings
from tests.integration.installation import Installation, installation
from tests.servers.embedding_provider import Behaviour, Kind
from tests.servers.embedding_provider import EmbeddingProvider as StandIn
from workflows.policies import Queue
from workflows.probes import ProbeEmbeddings

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outside(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory, stand_in: StandIn
) -> AsyncGenerator[Installation]:
    """A worker runs that asks the stand-in for every vector."""
    state: Path = tmp_path_factory.mktemp("probed")
    update = {"limits": LimitSettings(drop_after_seconds=1), **provider_settings(EmbeddingProvider.OPENAI, stand_in)}
    base = settings_at(state).model_copy(update=update)
    async with installation(base, temporal_address, weaviate) as ready, ready.worker():
        yield ready


async def probe(outside: Installation) -> Probed:
    return await outside.client.execute_workflow(
        ProbeEmbeddings.run, ProbeRef(tenant_id=outside.caller.tenant_id), id=new_id(), task_queue=Queue.CONTROL
    )


async def test_nothing_is_written_by_another_model_and_nothing_is_lost(
    outside: Installation, stand_in: StandIn
) -> None:
    stand_in.forget()
    first = await outside.ingest("The heron stands in the river and waits for fish.")
    assert (await outside.ended(first.document_id)).status == "ready"
    only = await probe(outside)
    assert (only.compared, only.is_changed) == (1, False)
    assert (await probe(outside)).compared == len(FIXED) + 1

    stand_in.will(then=Behaviour(kind=Kind.CHANGED))
    assert (await probe(outside)).is_changed
    asked = len(stand_in.seen)
    second = await outside.ingest("The grebe builds a floating nest.")
    waiting = await outside.ended(second.document_id)
    assert waiting.failure
    assert (waiting.failure.code, waiting.failure.failure_class) == ("embedding_model_changed", "transient")
    assert len(stand_in.seen) == asked
    request = SearchRequest(outside.caller.tenant_id, outside.caller.readers, 1 << 40, "heron", 3, 0.5)
    assert [each.document_id for each in (await outside.search.find(request)).passages] == [first.document_id]

    stand_in.forget()
    assert not (await probe(outside)).is_changed
    await outside.decide(second, "retry")
    await outside.result(second)
    assert (await outside.ended(second.document_id)).status == "ready"
