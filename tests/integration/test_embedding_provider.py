"""An outside embedding provider through the real worker: attempts (P12), waits, and the record of what it was sent."""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from lethe.model.processors import ANSWERED
from lethe.settings import EmbeddingProvider, LimitSettings, WeaviateSettings, WorkerSettings
from tests.conftest import settings_at
from tests.contract.providers import provider_settings
from tests.integration.installation import Installation, installation
from tests.integration.test_api_process import api
from tests.servers.embedding_provider import Behaviour, Kind
from tests.servers.embedding_provider import EmbeddingProvider as StandIn
from workflows.policies import STEP_RETRY

POLICY = "/v1/tenant/processors"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outside(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory, stand_in: StandIn
) -> AsyncGenerator[Installation]:
    """A worker runs that asks the stand-in for every vector."""
    state: Path = tmp_path_factory.mktemp("outside")
    base = settings_at(state).model_copy(
        update={
            "limits": LimitSettings(drop_after_seconds=1),
            **provider_settings(EmbeddingProvider.OPENAI, stand_in, region="eu-north", timeout_seconds=30.0),
        }
    )
    async with installation(base, temporal_address, weaviate) as made:
        one_core = made.settings.model_copy(update={"worker": WorkerSettings(cpu_slots=1)})
        ready = replace(made, settings=one_core)
        async with ready.worker():
            yield ready


async def test_a_document_is_embedded_outside_and_the_call_is_on_record(outside: Installation, stand_in: StandIn):
    stand_in.forget()
    receipt = await outside.ingest("The heron stands in the river and waits for fish.")
    view = await outside.ended(receipt.document_id)
    assert view.status == "ready"
    (seen,) = stand_in.seen
    assert seen.inputs[0].endswith("The heron stands in the river and waits for fish.")
    async with outside.ledger.read() as uow:
        (call,) = await uow.processor_calls.about(outside.caller.tenant_id, receipt.document_id)
    assert (call.provider, call.region, call.model) == ("openai", "eu-north", "text-embedding-3-small")
    assert (call.status, call.inputs, call.operation) == (ANSWERED, 1, "embed")
    assert call.tokens > 5


async def test_a_provider_that_stays_down_sees_the_configured_attempts(outside: Installation, stand_in: StandIn):
    stand_in.forget()
    stand_in.will(then=Behaviour(kind=Kind.STATUS, status=500))
    receipt = await outside.ingest("The grebe builds a floating nest.")
    view = await outside.ended(receipt.document_id, 120)
    assert view.status == "failed"
    assert len(stand_in.seen) == STEP_RETRY.maximum_attempts
    async with outside.ledger.read() as uow:
        calls = await uow.processor_calls.about(outside.caller.tenant_id, receipt.document_id)
    assert [call.status for call in calls] == ["embedder_unavailable"] * len(stand_in.seen)
    stand_in.forget()
    await outside.decide(receipt, "retry")
    await outside.result(receipt)
    assert len(stand_in.seen) == 1


async def test_a_refusal_is_not_tried_again(outside: Installation, stand_in: StandIn):
    stand_in.forget()
    stand_in.will(then=Behaviour(kind=Kind.STATUS, status=401))
    receipt = await outside.ingest("The wader walks along the shore.")
    view = await outside.ended(receipt.document_id)
    assert view.status == "failed"
    assert len(stand_in.seen) == 1
    stand_in.forget()
    await outside.decide(receipt, "discard")
    await outside.result(receipt)


async def test_the_next_attempt_waits_as_long_as_the_provider_asks(outside: Installation, stand_in: StandIn):
    """The policy's own first wait is 1 s."""
    stand_in.forget()
    stand_in.will(Behaviour(kind=Kind.STATUS, status=429, retry_after="4"))
    receipt = await outside.ingest("The teal is the smallest of the ducks here.")
    view = await outside.ended(receipt.document_id)
    assert view.status == "ready"
    refused, answered = stand_in.seen
    assert answered.at - refused.at >= 3.9


async def test_a_provider_that_does_not_answer_holds_up_no_parsing(outside: Installation, stand_in: StandIn):
    """With one slot for what needs a core, two documents wait for their vectors at once."""
    stand_in.forget()
    stand_in.will(then=Behaviour(kind=Kind.HANG, seconds=6))
    receipts = [await outside.ingest(f"The {bird} is on the water.") for bird in ("gannet", "fulmar")]
    deadline = time.monotonic() + 60
    while stand_in.most_at_once < len(receipts):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    stand_in.forget()
    for receipt in receipts:
        assert (await outside.ended(receipt.document_id, 120)).status == "ready"


async def test_what_a_tenant_does_not_allow_is_not_sent_and_says_so(outside: Installation, stand_in: StandIn):
    """Over HTTP, as an admin of the tenant sees it; allowed again, the retry succeeds."""
    stand_in.forget()
    async with api(outside.settings) as lethe:
        (processor,) = (await lethe.client.get(POLICY)).json()["processors"]
        assert (processor["provider"], processor["region"], processor["is_allowed"]) == ("openai", "eu-north", True)
        refused = (await lethe.client.put(POLICY, json={"allowed": ["cohere"]})).json()
        assert refused["processors"][0]["is_allowed"] is False

        location = (await lethe.uploaded()).headers["location"]
        document = await lethe.ready(location)
        assert document["status"] == "failed"
        (letter,) = (await lethe.client.get("/v1/dead-letters", params={"code": "provider_not_allowed"})).json()[
            "items"
        ]
        assert (letter["document_id"], letter["step"]) == (document["id"], "embed_chunks")
        found = (await lethe.client.post("/v1/search", json={"question": "Who drinks from the Lethe?"})).json()
        assert found["degraded_reasons"] == ["provider_not_allowed"]
        assert stand_in.seen == []

        await lethe.client.put(POLICY, json={"allowed": ["cohere", "openai"]})
        assert (await lethe.client.post(f"/v1/dead-letters/{letter['id']}/retry")).is_success
        assert (await lethe.ready(location, leaving="failed"))["status"] == "ready"
        assert stand_in.seen
        changes = (await lethe.client.get(f"{POLICY}/changes")).json()["items"]
        assert [change["allowed"] for change in changes] == [["cohere", "openai"], ["cohere"]]
