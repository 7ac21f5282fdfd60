"""Runs of each workflow whose histories are kept: `python -m tests.replay.scenarios` records them again.

Record only when a workflow is changed on purpose; a change that must replay old histories is gated by
`workflow.patched`, and then the old file stays beside the new one.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowHistory

from lethe.contracts.answering import QuestionRef, Turned
from lethe.contracts.audit import AuditAllRun, AuditRef, AuditRun, Begun
from lethe.contracts.bulk import BulkState
from lethe.contracts.erasure import Discovered, ErasureRun
from lethe.contracts.ingestion import DeletionPlan, DocumentRef, VersionRef
from lethe.contracts.letters import LetterSelection
from lethe.contracts.selection import SelectionRef, SelectionRun
from lethe.contracts.webhooks import DeliveryOutcome, DeliveryRef
from lethe.model.answers import DegradedReason
from lethe.model.selections import SelectionAction
from lethe.model.webhooks import DeliveryState
from tests.replay.builds import BUILDS
from tests.replay.probes import probe_all, probe_embeddings
from tests.replay.rechecks import recheck_erasure, recheck_erasures
from tests.replay.reindexing import reindex_tenant
from tests.replay.retention import apply_retention, retain_all
from tests.replay.running import DOCUMENT, TENANT, VERSION
from tests.replay.running import ended as _ended
from tests.replay.sources import SOURCES
from tests.workflows.conftest import start_environment
from tests.workflows.scripted import Scripted
from tests.workflows.scripted_answering import ScriptedAnswering
from tests.workflows.scripted_bulk import ScriptedBulk
from tests.workflows.scripted_erasure import ScriptedErasure
from tests.workflows.scripted_selection import ScriptedSelection
from workers.runner import WORKFLOWS
from workflows.answering import AnswerQuestion
from workflows.audit import AuditAll, AuditTenant
from workflows.bulk import IngestBulk
from workflows.documents import ApplyMetadata, DeleteDocument
from workflows.erasure import EraseSubject
from workflows.ingestion import IngestDocument
from workflows.letters import DiscardVersion, ResolveLetters
from workflows.policies import Queue
from workflows.selection import ApplySelection
from workflows.webhooks import DeliverWebhook

HISTORIES = Path(__file__).parent / "histories"
ALL_WORKFLOWS = (*WORKFLOWS, AnswerQuestion)
Scenario = Callable[[Client], Awaitable[WorkflowHandle[Any, Any]]]


async def ingest_edit(client: Client) -> WorkflowHandle[Any, Any]:
    """An edit of 130 chunks whose index write fails once; the replaced version is dropped."""
    scripted = Scripted(chunks=130, replaced=[DOCUMENT])
    scripted.fails["index_version"] = ["index_unavailable"]
    async with scripted.running(client):
        return await _ended(
            client, IngestDocument.run, VersionRef(tenant_id=TENANT, version_id=VERSION), "ingest-document/edit"
        )


async def ingest_outside(client: Client) -> WorkflowHandle[Any, Any]:
    """Of which an outside provider cuts and embeds."""
    scripted = Scripted(chunks=65)
    scripted.asks_outside = True
    async with scripted.running(client):
        return await _ended(
            client, IngestDocument.run, VersionRef(tenant_id=TENANT, version_id=VERSION), "ingest-document/outside"
        )


async def ingest_driven_again(client: Client) -> WorkflowHandle[Any, Any]:
    """A store that is down longer than a step's attempts: dead letter, waiting, driven again."""
    scripted = Scripted(chunks=1)
    scripted.fails["verify_version"] = ["index_unavailable"] * 4
    scripted.attention = scripted.attention.model_copy(update={"drive_again": True})
    async with scripted.running(client):
        return await _ended(
            client, IngestDocument.run, VersionRef(tenant_id=TENANT, version_id=VERSION), "ingest-document/again"
        )


async def ingest_superseded(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = Scripted(chunks=1)
    scripted.fails["switch_version"] = ["version_superseded!"]
    async with scripted.running(client):
        return await _ended(
            client, IngestDocument.run, VersionRef(tenant_id=TENANT, version_id=VERSION), "ingest-document/late"
        )


async def resolve_letters(client: Client) -> WorkflowHandle[Any, Any]:
    """As an operator starts it: the selection is stored first."""
    scripted = Scripted()
    scripted.pages = 2
    async with scripted.running(client):
        wish = LetterSelection(tenant_id=TENANT, code="no_text")
        return await _ended(client, ResolveLetters.run, wish, "resolve-letters/two-pages")


async def deliver_webhook(client: Client) -> WorkflowHandle[Any, Any]:
    """The second attempt gets through."""
    scripted = Scripted()
    late = DeliveryOutcome(state=DeliveryState.PENDING, code="webhook_timed_out", wait_seconds=5)
    scripted.deliveries = [late, DeliveryOutcome(state=DeliveryState.DELIVERED)]
    async with scripted.running(client):
        ref = DeliveryRef(tenant_id=TENANT, delivery_id=VERSION)
        return await _ended(client, DeliverWebhook.run, ref, "deliver-webhook/late")


async def discard_version(client: Client) -> WorkflowHandle[Any, Any]:
    async with Scripted().running(client):
        ref = VersionRef(tenant_id=TENANT, version_id=VERSION)
        return await _ended(client, DiscardVersion.run, ref, "discard-version/one")


async def ingest_bulk(client: Client) -> WorkflowHandle[Any, Any]:
    """Three batches that replace versions; a document fails and gets a workflow of its own."""
    scripted = ScriptedBulk(given=120)
    scripted.fails_at, scripted.replaces = frozenset({7}), True
    async with scripted.running(client):
        state = BulkState(tenant_id=TENANT, ingestion_id=DOCUMENT)
        return await _ended(client, IngestBulk.run, state, "ingest-bulk/one")


async def delete_document(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = Scripted()
    scripted.plan = DeletionPlan(version_ids=[VERSION], running=[])
    async with scripted.running(client):
        ref = DocumentRef(tenant_id=TENANT, document_id=DOCUMENT)
        return await _ended(client, DeleteDocument.run, ref, "delete-document/one")


async def apply_metadata(client: Client) -> WorkflowHandle[Any, Any]:
    async with Scripted().running(client):
        ref = DocumentRef(tenant_id=TENANT, document_id=DOCUMENT)
        return await _ended(client, ApplyMetadata.run, ref, "apply-metadata/one")


async def delete_selection(client: Client) -> WorkflowHandle[Any, Any]:
    """Two pages to change and two to remove, of which one fails once."""
    scripted = ScriptedSelection(SelectionAction.DELETE, documents=100, page=50)
    scripted.fails["remove_deleted"] = ["index_unavailable"]
    async with scripted.running(client):
        return await _ended(client, ApplySelection.run, _selection(), "apply-selection/delete")


async def update_selection(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = ScriptedSelection(SelectionAction.UPDATE, documents=5)
    async with scripted.running(client):
        return await _ended(client, ApplySelection.run, _selection(), "apply-selection/update")


def _selection() -> SelectionRun:
    return SelectionRun(selection=SelectionRef(tenant_id=TENANT, selection_id=DOCUMENT))


async def audit_all(client: Client) -> WorkflowHandle[Any, Any]:
    """Two tenants in two pages, one audit each."""
    scripted = Scripted()
    refs = [AuditRef(tenant_id=TENANT, audit_id=audit_id) for audit_id in (VERSION, DOCUMENT)]
    scripted.begun = [Begun(audits=refs[:1], after=TENANT), Begun(audits=refs[1:], after=None)]
    async with scripted.running(client):
        handle = await _ended(client, AuditAll.run, AuditAllRun(), "audit-all")
    return client.get_workflow_handle("audit-all", run_id=handle.first_execution_run_id)


async def audit_tenant(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = Scripted()
    scripted.audit_pages = {VERSION: 2, DOCUMENT: 1}
    async with scripted.running(client):
        run = AuditRun(audit=AuditRef(tenant_id=TENANT, audit_id=VERSION))
        return await _ended(client, AuditTenant.run, run, "audit-tenant/one")


async def erase_subject(client: Client) -> WorkflowHandle[Any, Any]:
    """Two rounds find something, the third nothing; a store is down once, and the bytes take their time."""
    found = Discovered(found=3, drain_seconds=7_200)
    scripted = ScriptedErasure(found, found)
    scripted.fails["erase_store"] = ["index_unavailable"]
    scripted.rewriting, scripted.pending = [1], [["vectors"]]
    async with scripted.running(client):
        run = ErasureRun(tenant_id=TENANT, erasure_id=DOCUMENT)
        return await _ended(client, EraseSubject.run, run, "erase-subject/one")


async def answer_question(client: Client) -> WorkflowHandle[Any, Any]:
    """Without a language model."""
    async with ScriptedAnswering().running(client):
        ref = QuestionRef(tenant_id=TENANT, question_id=VERSION)
        return await _ended(client, AnswerQuestion.run, ref, "answer-question/one", Queue.QUERY)


async def answer_by_models(client: Client) -> WorkflowHandle[Any, Any]:
    """The first of two models fails, the second answers."""
    scripted = ScriptedAnswering(models=["openai:one", "cohere:two"])
    scripted.turns["openai:one"] = Turned(
        attempts=["openai:one model_unavailable"], reasons=[DegradedReason.PROVIDER_DOWN], goes_on=True
    )
    async with scripted.running(client):
        ref = QuestionRef(tenant_id=TENANT, question_id=VERSION)
        return await _ended(client, AnswerQuestion.run, ref, "answer-question/models", Queue.QUERY)


async def answer_below_models(client: Client) -> WorkflowHandle[Any, Any]:
    """The only model refuses: sentences of the passages answer."""
    scripted = ScriptedAnswering(models=["openai:one"])
    scripted.turns["openai:one"] = Turned(
        attempts=["openai:one provider_refused"], reasons=[DegradedReason.PROVIDER_REFUSED], has_spoken=True
    )
    async with scripted.running(client):
        ref = QuestionRef(tenant_id=TENANT, question_id=VERSION)
        return await _ended(client, AnswerQuestion.run, ref, "answer-question/below", Queue.QUERY)


SCENARIOS: Sequence[Scenario] = (
    ingest_edit,
    ingest_outside,
    ingest_driven_again,
    ingest_superseded,
    resolve_letters,
    discard_version,
    deliver_webhook,
    delete_document,
    apply_metadata,
    delete_selection,
    update_selection,
    apply_retention,
    retain_all,
    probe_embeddings,
    probe_all,
    audit_all,
    audit_tenant,
    erase_subject,
    recheck_erasure,
    recheck_erasures,
    reindex_tenant,
    *BUILDS,
    *SOURCES,
    answer_question,
    answer_by_models,
    answer_below_models,
)


CONCURRENT: Sequence[Scenario] = (ingest_bulk,)
"""Their histories are kept; what they ask for comes in an order that depends on which batch ends first."""


def commands(history: WorkflowHistory) -> list[str]:
    """What the workflow asked for, in order: the fingerprint that a changed order changes."""
    found: list[str] = []
    for event in history.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            found.append(f"activity {event.activity_task_scheduled_event_attributes.activity_type.name}")
        elif event.HasField("start_child_workflow_execution_initiated_event_attributes"):
            started = event.start_child_workflow_execution_initiated_event_attributes
            found.append(f"child {started.workflow_type.name}")
        elif event.HasField("workflow_execution_continued_as_new_event_attributes"):
            found.append("continue as new")
        elif event.HasField("timer_started_event_attributes"):
            found.append(f"timer {event.timer_started_event_attributes.start_to_fire_timeout.ToSeconds()} s")
        elif event.HasField("marker_recorded_event_attributes"):
            found.append(f"marker {event.marker_recorded_event_attributes.marker_name}")
        elif event.HasField("upsert_workflow_search_attributes_event_attributes"):
            found.append("search attributes")
    return found


async def record() -> None:
    """Write every scenario's history and fingerprint."""
    fingerprints: dict[str, list[str]] = {}
    for scenario in (*SCENARIOS, *CONCURRENT):
        async with start_environment() as environment:
            history = await (await scenario(environment.client)).fetch_history()
        # Which machine recorded it, and where its files are, is nobody's business.
        text = re.sub(r'"identity": ?"[^"]*"', '"identity": "recorder"', history.to_json())
        text = re.sub(r'"stackTrace": ?"(?:[^"\\]|\\.)*"', '"stackTrace": ""', text)
        (HISTORIES / f"{scenario.__name__}.json").write_text(text + "\n")
        if scenario in SCENARIOS:
            fingerprints[scenario.__name__] = commands(history)
    (HISTORIES.parent / "fingerprints.json").write_text(json.dumps(fingerprints, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(record())
