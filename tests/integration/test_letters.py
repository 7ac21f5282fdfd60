"""Decisions on dead letters and webhooks on the real Temporal server, with workers that are killed."""

import asyncio
from dataclasses import replace

import pytest

from lethe.adapters.clock import SystemClock
from lethe.errors import DocumentNotFound
from lethe.ingestion.letters import Letters
from lethe.ingestion.requests import Receipt
from lethe.model.documents import Status
from lethe.model.ids import Id, new_id
from lethe.model.operations import DeadLetter, DeadLetterState, DispatchKind, LetterAction
from lethe.model.webhooks import DeliveryState, WebhookEvent
from lethe.model.workflow_ids import dispatch_id
from lethe.settings import WebhookSettings, WorkerSettings
from lethe.webhooks.registry import Webhooks
from lethe.webhooks.signing import new_secret
from tests.integration.installation import Installation
from tests.integration.test_webhooks import receiving
from workflows.policies import Queue
from workflows.starters import Starters

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

NOISE = b"\x00\x01\x02" * 500


def letters_of(installation: Installation) -> Letters:
    return Letters(installation.ledger, SystemClock(), Starters(installation.client))


async def letter(installation: Installation, receipt: Receipt, openings: int) -> DeadLetter:
    """The letter of the receipt's version as soon as its step gave up so often and the ingestion waits."""
    handle = installation.client.get_workflow_handle(receipt.workflow_id)
    while True:
        async with installation.ledger.read() as uow:
            found = await uow.dead_letters.of_version(installation.caller.tenant_id, receipt.version_id)
        if found and found[0].openings == openings and found[0].state is DeadLetterState.OPEN:
            progress = await handle.query("progress", result_type=dict)
            if progress["attention"]:
                return found[0]
        await asyncio.sleep(0.1)


async def priority_of(installation: Installation, workflow_id: str) -> int:
    """1 comes first."""
    history = await installation.client.get_workflow_handle(workflow_id).fetch_history()
    return history.events[0].workflow_execution_started_event_attributes.priority.priority_key


async def is_gone(installation: Installation, receipt: Receipt) -> bool:
    try:
        await installation.documents.get(installation.caller, receipt.document_id)
    except DocumentNotFound:
        return True
    return False


async def test_a_retry_begins_again_what_has_ended_and_a_discard_leaves_nothing(running: Installation) -> None:
    receipt = await running.ingest(NOISE, "file:///letters/noise.bin")
    first = await letter(running, receipt, 1)
    await running.client.get_workflow_handle(receipt.workflow_id).terminate("an operator's mistake")
    tenant_id = running.caller.tenant_id
    await letters_of(running).decide(tenant_id, first.id, LetterAction.RETRY, new_id())
    again = await letter(running, receipt, 2)
    assert (again.id, again.version_id) == (first.id, receipt.version_id)
    await letters_of(running).decide(tenant_id, first.id, LetterAction.DISCARD, new_id())
    while not await is_gone(running, receipt):
        await asyncio.sleep(0.1)


async def test_an_operator_decides_on_many_from_temporals_ui(running: Installation) -> None:
    receipts = [await running.ingest(NOISE, f"file:///letters/many-{number}.bin") for number in range(3)]
    for receipt in receipts:
        await letter(running, receipt, 1)
    wish = {"tenant_id": running.caller.tenant_id, "action": "discard", "code": "unsupported_type"}
    result = await running.client.execute_workflow(
        "resolve-letters", wish, id=f"by-hand-{new_id()}", task_queue=Queue.CONTROL, result_type=dict
    )
    assert result == {"matched": 3, "done": 3, "skipped": 0, "is_finished": True}
    for receipt in receipts:
        while not await is_gone(running, receipt):
            await asyncio.sleep(0.1)


async def test_a_webhook_is_delivered_although_the_worker_is_killed(prepared: Installation) -> None:
    private = WebhookSettings(allow_private=True)
    open_ = replace(prepared, settings=prepared.settings.model_copy(update={"webhooks": private}))
    tenant_id = prepared.caller.tenant_id
    async with receiving() as receiver:
        webhooks = Webhooks(prepared.ledger, prepared.keyring, SystemClock(), private)
        webhook = await webhooks.create(tenant_id, receiver.url, (WebhookEvent.DOCUMENT_COMPLETED,), new_secret())
        receipt = await prepared.ingest("The tide gauge was painted.", "file:///letters/told.txt")
        for moment in ("before", "after"):
            async with open_.worker(f"deliver_webhook:{moment}") as worker:
                await worker.killed()
        async with open_.worker():
            await prepared.result(receipt)
            while True:
                async with prepared.ledger.read() as uow:
                    (delivery,) = await uow.webhooks.deliveries(tenant_id, webhook.id, None, None, 10)
                if delivery.state is DeliveryState.DELIVERED:
                    break
                await asyncio.sleep(0.1)
    assert delivery.version_id == receipt.version_id
    workflow_id = dispatch_id(DispatchKind.DELIVER_WEBHOOK, tenant_id, delivery.id)
    assert await priority_of(prepared, workflow_id) > await priority_of(prepared, receipt.workflow_id)
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {delivery.id}


async def test_a_receiver_that_does_not_answer_holds_up_no_upload(prepared: Installation) -> None:
    """An upload ends while the receiver is silent to what was told before it; a machine too slow to show it in the
    time a receiver is given tries again.
    """
    private = WebhookSettings(allow_private=True, timeout_seconds=60)
    changed = {"webhooks": private, "worker": WorkerSettings(io_slots=1)}
    open_ = replace(prepared, settings=prepared.settings.model_copy(update=changed))
    tenant_id = prepared.caller.tenant_id
    async with receiving(*["hang"] * 100) as receiver, open_.worker():
        webhooks = Webhooks(prepared.ledger, prepared.keyring, SystemClock(), private)
        webhook = await webhooks.create(tenant_id, receiver.url, (WebhookEvent.DOCUMENT_COMPLETED,), new_secret())
        before: Id | None = None
        while True:
            receipt = await prepared.ingest(f"Lantern {new_id()} was lit.", f"file:///letters/lit-{new_id()}.txt")
            assert (await prepared.ended(receipt.document_id)).status is Status.READY
            async with prepared.ledger.read() as uow:
                told = await uow.webhooks.deliveries(tenant_id, webhook.id, None, None, 100)
            if before and next(each for each in told if each.id == before).attempts == 0:
                break  # its first attempt still waits for an answer
            before = next(each.id for each in told if each.version_id == receipt.version_id)
            while before not in {headers["webhook-id"] for headers, _ in receiver.got}:
                await asyncio.sleep(0.05)
        receiver.over.set()
