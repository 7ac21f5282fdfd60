"""IngestDocument: what it does when a step succeeds, gives up, is superseded, cancelled or resolved."""

import asyncio

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from lethe.contracts.ingestion import Attention, IngestOutcome, IngestProgress, IngestStart
from lethe.model.ids import new_id
from lethe.model.operations import Dispatch, DispatchKind
from tests.contract.ledger_rows import NOON
from tests.workflows.scripted import Scripted, replayed
from workflows import policies
from workflows.attributes import started
from workflows.ingestion import IngestDocument
from workflows.policies import Queue
from workflows.starters import Starters

TENANT = new_id()


async def start(client: Client) -> WorkflowHandle[IngestDocument, IngestOutcome]:
    version = new_id()
    return await client.start_workflow(
        IngestDocument.run,
        IngestStart(tenant_id=TENANT, version_id=version),
        id=f"ingest-document/{TENANT}/{version}",
        task_queue=Queue.CONTROL,
        search_attributes=started(TENANT, "ingest-document", version),
    )


async def until_attention(
    environment: WorkflowEnvironment, handle: WorkflowHandle[IngestDocument, IngestOutcome]
) -> IngestProgress:
    with environment.auto_time_skipping_disabled():
        for _ in range(600):
            progress = await handle.query(IngestDocument.progress)
            if progress.attention:
                return progress
            await asyncio.sleep(0.05)
    raise AssertionError("the workflow never asked for attention")


async def test_brings_a_document_in_batch_by_batch(client: Client) -> None:
    scripted = Scripted(chunks=130)
    async with scripted.running(client):
        handle = await start(client)
        outcome = await handle.result()
    assert outcome == IngestOutcome(status="ready", chunks=130, computed=130)
    assert scripted.batches == [(0, 64), (64, 128), (128, 130)]
    assert scripted.calls[-3:] == ["index_version", "verify_version", "switch_version"]
    assert scripted.dropped == []
    await replayed(handle)


@pytest.mark.parametrize(("asks_outside", "queue"), [(False, "cpu"), (True, "embed")])
async def test_what_waits_for_an_outside_provider_has_a_queue_of_its_own(
    client: Client, *, asks_outside: bool, queue: str
) -> None:
    scripted = Scripted(chunks=65)
    scripted.asks_outside = asks_outside
    async with scripted.running(client):
        handle = await start(client)
        await handle.result()
    steps = ("validate_document", "parse_document", "chunk_document", "embed_chunks", "index_version")
    assert [scripted.queues[step] for step in steps] == ["cpu", "cpu", queue, queue, "io"]
    await replayed(handle)


async def test_drops_the_replaced_version_only_after_the_longest_question(
    client: Client, environment: WorkflowEnvironment
) -> None:
    old = new_id()
    scripted = Scripted(chunks=1, replaced=[old])
    async with scripted.running(client):
        before = await environment.get_current_time()
        handle = await start(client)
        await handle.result()
        after = await environment.get_current_time()
    assert scripted.dropped == [old]
    assert (after - before).total_seconds() >= 60
    await replayed(handle)


async def test_a_transient_failure_is_retried_within_the_step(client: Client) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["index_version"] = ["index_unavailable", "index_write_failed"]
    async with scripted.running(client):
        handle = await start(client)
        assert (await handle.result()).status == "ready"
    assert scripted.calls.count("index_version") == 3
    assert scripted.opened == []
    await replayed(handle)


async def test_a_permanent_failure_waits_and_can_be_retried(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["parse_document"] = ["encrypted_document!"]
    async with scripted.running(client):
        handle = await start(client)
        progress = await until_attention(environment, handle)
        assert (progress.step, progress.code) == ("parse_document", "encrypted_document")
        assert await handle.execute_update(IngestDocument.resolve, "retry") == "retry: parse_document"
        assert (await handle.result()).status == "ready"
    assert [(failure.step, failure.code) for failure in scripted.opened] == [("parse_document", "encrypted_document")]
    await replayed(handle)


async def test_discarding_removes_the_version(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["validate_document"] = ["unsupported_type!"]
    async with scripted.running(client):
        handle = await start(client)
        await until_attention(environment, handle)
        with pytest.raises(WorkflowUpdateFailedError):
            await handle.execute_update(IngestDocument.resolve, "abandon")
        await handle.execute_update(IngestDocument.resolve, "discard")
        assert await handle.result() == IngestOutcome(status="discarded", code="unsupported_type")
    assert scripted.dropped == [handle.id.rsplit("/", 1)[1]]
    await replayed(handle)


async def test_nobody_decides_for_seven_days(client: Client) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["parse_document"] = ["no_text!"]
    async with scripted.running(client):
        handle = await start(client)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        described = await handle.describe()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "no_text"
    assert described.close_time is not None
    assert (described.close_time - described.start_time).days == 7
    assert scripted.dropped == []  # its dead letter and bytes stay
    await replayed(handle)


async def test_a_tenant_with_too_many_waiting_closes_at_once(client: Client) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["parse_document"] = ["no_text!"]
    scripted.attention = Attention(
        failure_class="permanent", may_wait=False, wait_seconds=7 * 86_400, drive_again=False
    )
    async with scripted.running(client):
        handle = await start(client)
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    await replayed(handle)


async def test_a_store_down_for_an_hour_loses_nothing(client: Client) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["index_version"] = ["index_unavailable"] * 12
    scripted.attention = Attention(failure_class="transient", may_wait=True, wait_seconds=7 * 86_400, drive_again=True)
    async with scripted.running(client):
        handle = await start(client)
        assert (await handle.result()).status == "ready"
    assert len(scripted.opened) == 4
    await replayed(handle)


async def test_a_superseded_version_removes_itself(client: Client) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["switch_version"] = ["version_superseded!"]
    async with scripted.running(client):
        handle = await start(client)
        assert (await handle.result()).status == "superseded"
    assert scripted.dropped == [handle.id.rsplit("/", 1)[1]]
    assert scripted.opened == []
    await replayed(handle)


async def test_cancelling_removes_what_was_written(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["index_version"] = ["embedding_invalid!"]
    async with scripted.running(client):
        handle = await start(client)
        await until_attention(environment, handle)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert scripted.dropped == [handle.id.rsplit("/", 1)[1]]
    await replayed(handle)


async def test_a_store_down_for_a_month_does_not_wedge_the_workflow(client: Client) -> None:
    """The delay stops growing long before a timedelta overflows."""
    scripted = Scripted(chunks=1)
    scripted.fails["index_version"] = ["index_unavailable"] * (3 * 60)
    scripted.attention = Attention(failure_class="transient", may_wait=True, wait_seconds=1, drive_again=True)
    async with scripted.running(client):
        handle = await start(client)
        assert (await handle.result()).status == "ready"
    assert len(scripted.opened) == 60
    await replayed(handle)


async def test_cancelling_after_the_switch_still_drops_what_was_replaced(
    client: Client, environment: WorkflowEnvironment
) -> None:
    old = new_id()
    scripted = Scripted(chunks=1, replaced=[old])
    async with scripted.running(client):
        with environment.auto_time_skipping_disabled():
            handle = await start(client)
            while (await handle.query(IngestDocument.progress)).step != "settled":
                await asyncio.sleep(0.05)
            await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert scripted.dropped == [handle.id.rsplit("/", 1)[1], old]  # the activity leaves a live version alone
    await replayed(handle)


async def test_a_version_that_failed_before_goes_when_a_later_one_is_live(
    client: Client, environment: WorkflowEnvironment
) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["parse_document"] = ["no_text!"]
    async with scripted.running(client):
        waiting = await start(client)
        await until_attention(environment, waiting)
        failed_version = waiting.id.rsplit("/", 1)[1]
        scripted.abandoned = [failed_version]
        handle = await start(client)
        assert (await handle.result()).status == "ready"
        with pytest.raises(WorkflowFailureError):
            await waiting.result()
    assert set(scripted.dropped) == {failed_version}
    await replayed(handle)


async def test_a_failure_of_a_deleted_document_waits_for_no_decision(client: Client) -> None:
    """A batch hands it over in the moment in which the document is deleted: nobody is there to cancel it."""
    scripted = Scripted()
    scripted.attention = scripted.attention.model_copy(update={"is_wanted": False})
    version_id = new_id()
    start = IngestStart(tenant_id=TENANT, version_id=version_id, failed_step="parse_document", failed_code="no_text")
    async with scripted.running(client):
        workflow_id = f"ingest-document/{TENANT}/{version_id}"
        handle = await client.start_workflow(IngestDocument.run, start, id=workflow_id, task_queue=Queue.CONTROL)
        assert (await handle.result()).status == "superseded"
    assert scripted.dropped == [version_id]
    await replayed(handle)


async def test_what_is_restricted_waits_for_years_without_a_letter_until_the_release_says_so(
    client: Client, environment: WorkflowEnvironment
) -> None:
    """It looks once a day at most, which goes on in another run before its history grows long.

    Left to itself, the server skips to the end of the run's ten years while the next run begins.
    """
    scripted = Scripted(chunks=1)
    days = policies.RELEASE_LOOKS + 3
    scripted.fails["validate_document"] = ["awaits_release!"] * days
    async with scripted.running(client):
        with environment.auto_time_skipping_disabled():
            before = await environment.get_current_time()
            handle = await start(client)
            ended = asyncio.ensure_future(handle.result())
            while not ended.done():
                await environment.sleep(policies.RELEASE_LOOK)
                await asyncio.sleep(0.02)
            after = await environment.get_current_time()
    assert ended.result().status == "ready"
    assert (after - before).days >= days
    assert (scripted.opened, scripted.dropped) == ([], [])
    assert (await handle.describe()).run_id != handle.first_execution_run_id
    await replayed(handle)


async def test_the_release_wakes_what_a_batch_handed_over(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = Scripted(chunks=1)
    scripted.fails["validate_document"] = ["awaits_release!"]
    version = new_id()
    async with scripted.running(client):
        with environment.auto_time_skipping_disabled():
            handle = await client.start_workflow(
                IngestDocument.run,
                IngestStart(
                    tenant_id=TENANT, version_id=version, failed_step="switch_version", failed_code="awaits_release"
                ),
                id=f"ingest-document/{TENANT}/{version}",
                task_queue=Queue.CONTROL,
                search_attributes=started(TENANT, "ingest-document", version),
            )
            async with asyncio.timeout(60):
                while (await handle.query(IngestDocument.progress)).code != "awaits_release":
                    await asyncio.sleep(0.05)
            assert not (await handle.query(IngestDocument.progress)).attention
            kind = DispatchKind.INGEST_DOCUMENT
            await Starters(client).start(Dispatch(TENANT, handle.id, kind, version, NOON, again=True))
            assert (await handle.result()).status == "ready"
    assert scripted.opened == []
    await replayed(handle)
