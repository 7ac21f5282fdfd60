"""IngestBulk: everything once, history bounded, failures handed over, steered from the Temporal UI."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from lethe.contracts.bulk import BulkOutcome, BulkState
from lethe.model.ids import new_id
from lethe.model.ingestions import IngestionState
from tests.workflows.scripted import replayed
from tests.workflows.scripted_bulk import ScriptedBulk, version_at
from workflows.attributes import PAUSED, STATE, started
from workflows.bulk import IngestBulk
from workflows.bulk_steps import MOST_EVENTS
from workflows.policies import BATCH_RETRY, Queue

TENANT = new_id()


async def start(client: Client) -> WorkflowHandle[IngestBulk, BulkOutcome]:
    ingestion = new_id()
    return await client.start_workflow(
        IngestBulk.run,
        BulkState(tenant_id=TENANT, ingestion_id=ingestion),
        id=f"ingest-bulk/{TENANT}/{ingestion}",
        task_queue=Queue.CONTROL,
        search_attributes=started(TENANT, "ingest-bulk", ingestion),
    )


async def lengths(client: Client, handle: WorkflowHandle[IngestBulk, BulkOutcome]) -> list[int]:
    """Events of each run, first to last."""
    found: list[int] = []
    run_id: str | None = handle.first_execution_run_id
    while run_id:
        history = await client.get_workflow_handle(handle.id, run_id=run_id).fetch_history()
        found.append(len(history.events))
        last = history.events[-1]
        run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return found


async def test_25_000_documents_come_once_each_and_no_run_has_2000_events(
    client: Client, record_property: Callable[[str, object], None]
) -> None:
    scripted = ScriptedBulk(given=25_000)
    async with scripted.running(client):
        handle = await start(client)
        outcome = await handle.result()
    assert outcome == BulkOutcome(status="done", ready=25_000, failed=0, lost=0)
    assert sorted(scripted.brought) == [version_at(each) for each in range(1, 25_001)]
    runs = await lengths(client, handle)
    record_property("events of each run", runs)
    assert len(runs) > 1
    assert max(runs) < 2_000
    await replayed(handle)


async def test_where_every_document_fails_each_has_its_workflow_and_runs_stay_short(client: Client) -> None:
    scripted = ScriptedBulk(given=300)
    scripted.fails_at = frozenset(range(1, 301))
    async with scripted.running(client):
        handle = await start(client)
        outcome = await handle.result()
        for position in (1, 150, 300):
            own = client.get_workflow_handle(f"ingest-document/{TENANT}/{version_at(position)}")
            assert (await own.describe()).status is not None
    assert (outcome.ready, outcome.failed) == (0, 300)
    assert max(await lengths(client, handle)) < 2_000


async def test_what_was_replaced_is_dropped_after_the_questions_in_flight(client: Client) -> None:
    scripted = ScriptedBulk(given=60)
    scripted.replaces = True
    async with scripted.running(client):
        handle = await start(client)
        await handle.result()
    assert scripted.calls[-1] == "drop_replaced"
    await replayed(handle)


async def test_pause_window_resume_and_cancel_are_updates(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = ScriptedBulk(given=10, size=5)
    scripted.is_closed = False
    async with scripted.running(client):
        with environment.auto_time_skipping_disabled():
            handle = await start(client)
            assert await handle.execute_update(IngestBulk.pause) == "paused"
            while (await handle.query(IngestBulk.progress)).batches_running:
                pass
            scripted.given = 20
            await handle.signal(IngestBulk.look)
            assert await handle.execute_update(IngestBulk.set_window, 2) == "window 2"
            assert await handle.execute_update(IngestBulk.resume) == "running"
            while (await handle.query(IngestBulk.progress)).done < 20:
                pass
            assert await handle.execute_update(IngestBulk.cancel) == "cancelled"
        outcome = await handle.result()
    assert (outcome.status, outcome.ready) == ("cancelled", 20)
    assert scripted.window == 2
    assert scripted.state is IngestionState.CANCELLED
    assert "clear_bulk" in scripted.calls
    await replayed(handle)


async def test_an_ingestion_nobody_closes_is_closed_when_nothing_comes(client: Client) -> None:
    scripted = ScriptedBulk(given=5)
    scripted.is_closed = False
    async with scripted.running(client):
        handle = await start(client)
        assert (await handle.result()).ready == 5
    assert "close_bulk" in scripted.calls


async def test_a_long_unpacking_goes_on_in_other_runs(client: Client) -> None:
    scripted = ScriptedBulk(given=0)
    scripted.archive_calls = 300
    async with scripted.running(client):
        handle = await start(client)
        assert (await handle.result()).status == "done"
    assert scripted.calls.count("unpack_archive") == 300
    runs = await lengths(client, handle)
    assert len(runs) > 1
    assert max(runs) < 2_000


async def test_a_run_that_waits_for_its_last_batches_hears_that_it_is_cancelled(
    client: Client, environment: WorkflowEnvironment
) -> None:
    """The store is down and the run is full: its batch is tried again for a quarter of an hour."""
    scripted = ScriptedBulk(given=5, size=5)
    scripted.fails["ingest_batch"] = ["index_unavailable"] * 1_000
    async with scripted.running(client):
        with environment.auto_time_skipping_disabled():
            handle = await start(client)
            while (await lengths(client, handle))[0] < MOST_EVENTS:
                for _ in range(50):
                    await handle.signal(IngestBulk.look)
            scripted.state = IngestionState.CANCELLED
            await handle.signal(IngestBulk.look)
        assert (await handle.result()).status == "cancelled"
    assert scripted.calls.count("ingest_batch") < BATCH_RETRY.maximum_attempts
    assert len(await lengths(client, handle)) == 1
    await replayed(handle)


async def test_a_long_pause_goes_on_in_other_runs_and_hears_every_signal(
    client: Client, environment: WorkflowEnvironment
) -> None:
    """Hours of looks, then signals across the end of a run: each is followed by a look."""
    scripted = ScriptedBulk(given=10)
    scripted.state = IngestionState.PAUSED
    async with scripted.running(client):
        handle = await start(client)
        await environment.sleep(timedelta(minutes=150))
        runs_before = len(await lengths(client, handle))
        for _ in range(100):
            seen = scripted.looks
            await handle.signal(IngestBulk.look)
            while scripted.looks == seen:
                await asyncio.sleep(0.01)
            if len(await lengths(client, handle)) > runs_before:
                break
        else:
            raise AssertionError("the run never ended")
        state = await client.get_workflow_handle(handle.id).describe()
        assert state.typed_search_attributes.get(STATE) == PAUSED
        scripted.state = IngestionState.RUNNING
        assert (await handle.result()).ready == 10  # nobody told it
    assert max(await lengths(client, handle)) < 2_000
    await replayed(handle)
