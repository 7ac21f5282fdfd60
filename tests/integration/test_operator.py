"""What an operator sees and does in Temporal, on the real server: attributes, summaries, priorities, decisions."""

import asyncio

import pytest
from temporalio.client import WorkflowHandle

from activities.answering import AnsweringActivities
from lethe.adapters.clock import SystemClock
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask
from lethe.contracts.answering import QuestionRef
from lethe.model.answers import AnswerMode
from lethe.model.documents import Status
from lethe.model.workflow_ids import question_id
from tests.integration.installation import Installation
from workers.failpoints import Failpoint
from workers.interceptors import ActivityGuard
from workers.runner import query_worker
from workflows import attributes, policies
from workflows.starters import Starters

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

Handle = WorkflowHandle[object, object]


async def state_of(handle: Handle) -> str | None:
    return (await handle.describe()).typed_search_attributes.get(attributes.STATE)


async def found_by(running: Installation, query: str) -> list[str]:
    """Ids of the workflows a filter of the UI shows, as soon as it shows any."""
    async with asyncio.timeout(90):
        while not (ids := [execution.id async for execution in running.client.list_workflows(query)]):
            await asyncio.sleep(0.1)
    return ids


async def test_what_needs_attention_is_found_told_and_decided(running: Installation) -> None:
    tenant_id = running.caller.tenant_id
    receipt = await running.ingest(b"\x00\x01\x02" * 500, "file:///operator/noise.bin")
    await running.ended(receipt.document_id)
    shown = await found_by(running, f"state='needs_attention' AND tenant='{tenant_id}' AND kind='ingest-document'")
    assert shown == [receipt.workflow_id]
    handle: Handle = running.client.get_workflow_handle(receipt.workflow_id)
    await running.decide(receipt, "retry")
    await running.decide(receipt, "discard")
    await handle.result()
    assert await state_of(handle) == attributes.DISCARDED


async def test_a_history_tells_the_story(running: Installation) -> None:
    receipt = await running.ingest("The sluice opens at dawn.", "file:///operator/sluice.txt")
    assert (await running.ended(receipt.document_id)).status is Status.READY
    await running.result(receipt)
    handle: Handle = running.client.get_workflow_handle(receipt.workflow_id)
    assert await state_of(handle) == attributes.READY
    described = await handle.describe()
    assert await described.static_summary() == f"ingest-document {receipt.version_id}"
    history = await handle.fetch_history()
    first = history.events[0].workflow_execution_started_event_attributes
    assert (first.priority.priority_key, first.priority.fairness_key) == (
        policies.UPLOAD_PRIORITY,
        running.caller.tenant_id,
    )
    summaries = [
        event.user_metadata.summary.data.decode()
        for event in history.events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert summaries == [
        '"sniff the type"',
        '"text/plain, 25 bytes"',
        '"1 elements"',
        '"chunks 0..0"',
        '"1 chunks"',
        '"1 chunks"',
        '"the last submission wins"',
    ]


async def test_a_question_starts_eagerly_and_runs_where_it_was_asked(running: Installation) -> None:
    receipt = await running.ingest("The bell of Marrow Point rings twice at noon.", "file:///operator/bell.txt")
    await running.ended(receipt.document_id)
    deps = Answering(running.ledger, running.keyring, running.search, running.embedder, SystemClock(), RecordedTokens())
    steps = AnsweringActivities(deps)
    worker = query_worker(
        running.client,
        running.settings,
        [steps.retrieve, steps.extract],
        [ActivityGuard(Failpoint.from_settings(running.settings.testing))],
    )
    async with worker:
        request = AnswerRequest(text="How often does the bell of Marrow Point ring at noon?", top_k=5, alpha=0.5)
        question = await ask(deps, running.caller, request, SystemClock().now())
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        outcome = await Starters(running.client).answer(ref)
    assert outcome.mode is AnswerMode.EXTRACTIVE
    handle = running.client.get_workflow_handle(question_id(ref.tenant_id, ref.question_id))
    history = await handle.fetch_history()
    assert history.events[0].workflow_execution_started_event_attributes.eager_execution_accepted
    markers = [event for event in history.events if event.HasField("marker_recorded_event_attributes")]
    assert len(markers) == 1
    assert not [event for event in history.events if event.HasField("activity_task_scheduled_event_attributes")]
