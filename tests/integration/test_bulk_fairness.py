"""One tenant's bulk ingestion delays another tenant's single upload by a batch at most."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from lethe.adapters.clock import SystemClock
from lethe.indexing.builds import FirstBuild
from lethe.model.ids import new_id
from lethe.model.ingestions import IngestionState
from lethe.model.principals import Caller, Role, Tenant
from tests.integration import bulks
from tests.integration.installation import Installation

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow, pytest.mark.timeout(600)]

DOCUMENTS = 400


async def neighbour(free: Installation) -> Installation:
    """The same installation for another tenant."""
    tenant_id, now = new_id(), SystemClock().now()
    async with free.ledger.write() as uow:
        await uow.tenants.add(Tenant(tenant_id, "neighbour", 0, now))
    await free.keyring.create_tenant(tenant_id)
    await FirstBuild(free.ledger, free.index, free.keywords, free.embedder.spec).ensure(tenant_id, now)
    return replace(free, caller=Caller(tenant_id, new_id(), Role.ADMIN))


async def seconds_until_ready(other: Installation, number: int) -> float:
    began = time.monotonic()
    receipt = await other.ingest(bulks.note(90_000 + number), f"file:///single/{number}.txt")
    view = await other.ended(receipt.document_id, seconds=180)
    assert view.status == "ready"
    return time.monotonic() - began


async def batch_seconds(free: Installation, ingestion_id: str) -> list[float]:
    """How long each batch took, from the workflow's history."""
    handle = free.client.get_workflow_handle(bulks.workflow_id(free, ingestion_id))
    events = {event.event_id: event for event in (await handle.fetch_history()).events}
    took: list[float] = []
    for event in events.values():
        if not event.HasField("activity_task_completed_event_attributes"):
            continue
        ended = event.activity_task_completed_event_attributes
        scheduled = events[ended.scheduled_event_id].activity_task_scheduled_event_attributes
        if scheduled.activity_type.name == "ingest_batch":
            began = events[ended.started_event_id].event_time.ToDatetime()
            took.append((event.event_time.ToDatetime() - began).total_seconds())
    return took


async def quiet(free: Installation, ingestion_id: str, seconds: float = 180.0) -> None:
    """Let the batches that run end, and start no more: how long the rest would take depends on the machine."""
    await bulks.use_cases(free).set_state(free.caller, ingestion_id, IngestionState.PAUSED)
    await bulks.look(free, ingestion_id)
    handle = free.client.get_workflow_handle(bulks.workflow_id(free, ingestion_id))
    deadline = time.monotonic() + seconds
    while True:
        progress = await handle.query("progress", result_type=dict)
        if progress["state"] != IngestionState.RUNNING and not progress["batches_running"]:
            return
        assert time.monotonic() < deadline, progress
        await asyncio.sleep(0.1)


async def end(free: Installation, ingestion_id: str) -> None:
    """Without what it did not get to."""
    await bulks.use_cases(free).set_state(free.caller, ingestion_id, IngestionState.CANCELLED)
    await bulks.look(free, ingestion_id)
    async with asyncio.timeout(180):
        await bulks.result(free, ingestion_id)


async def test_an_upload_beside_another_tenants_bulk_waits_for_a_batch_at_most(
    free: Installation, record_property: Callable[[str, object], None]
) -> None:
    other = await neighbour(free)
    ingestion_id = await bulks.fill(free, bulks.uris("flood", [bulks.note(50_000 + n) for n in range(DOCUMENTS)]))
    async with free.worker():
        await seconds_until_ready(other, 0)  # the first document also waits for the worker to start
        alone = await seconds_until_ready(other, 1)
        await bulks.start(free, ingestion_id)
        await bulks.until(free, ingestion_id, 1, seconds=180)
        beside = await seconds_until_ready(other, 2)
        left = DOCUMENTS - (await bulks.use_cases(free).get(free.caller, ingestion_id)).done
        await quiet(free, ingestion_id)
        alone = max(alone, await seconds_until_ready(other, 3))  # the machine may have other work by now
        longest = max(await batch_seconds(free, ingestion_id))
        await end(free, ingestion_id)
    told = f"alone {alone:.1f} s, beside a bulk {beside:.1f} s; longest batch {longest:.1f} s; left then {left}"
    record_property("upload", told)
    assert left > 0
    # What it waits for, and twice what it takes: the bulk has its share of the processors.
    assert beside <= longest + 2 * alone
