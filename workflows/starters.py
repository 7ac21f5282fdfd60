"""Starting workflows: ids, conflict policies, attributes and summaries in one place."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.contracts.audit import AuditRef, AuditRun
from lethe.contracts.bulk import BulkState
from lethe.contracts.erasure import ErasureRun, RecheckRun
from lethe.contracts.indexing import BuildRun
from lethe.contracts.ingestion import DocumentRef, IngestStart, VersionRef
from lethe.contracts.letters import LetterSelection
from lethe.contracts.probes import ProbeRef
from lethe.contracts.retention import RetentionProgress, RetentionRef
from lethe.contracts.selection import SelectionRef, SelectionRun
from lethe.contracts.sync import SourceRef, SyncRun
from lethe.contracts.webhooks import DeliveryRef
from lethe.errors import DeadlineExceeded, LetheError, WorkflowsUnavailable, by_code
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind, LetterAction
from lethe.model.workflow_ids import ANSWER_QUESTION, dispatch_id, question_id
from lethe.ports.workflows import Answered
from workflows import policies
from workflows.answering import AnswerQuestion
from workflows.attributes import started
from workflows.audit import AuditTenant
from workflows.bulk import IngestBulk
from workflows.documents import ApplyMetadata, DeleteDocument
from workflows.erasure import EraseSubject
from workflows.failures import code_of
from workflows.index_builds import BuildIndex
from workflows.ingestion import IngestDocument
from workflows.letters import DiscardVersion, ResolveLetters
from workflows.migrations import MigrateEmbeddings
from workflows.policies import Queue
from workflows.probes import ProbeEmbeddings
from workflows.rechecks import RecheckErasures
from workflows.retention import ApplyRetention
from workflows.selection import ApplySelection
from workflows.sync import ArrangeSource, SyncSource
from workflows.webhooks import DeliverWebhook

RPC_TIMEOUT: Final = timedelta(seconds=3)
UPDATE_SECONDS: Final = 10.0
"""A worker has to take the update: longer than it may lose by a restart of its sticky queue."""


def _ingest(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return IngestDocument.run, IngestStart(tenant_id=tenant_id, version_id=ref)


def _apply(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return ApplyMetadata.run, DocumentRef(tenant_id=tenant_id, document_id=ref)


def _delete(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return DeleteDocument.run, DocumentRef(tenant_id=tenant_id, document_id=ref)


def _discard(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return DiscardVersion.run, VersionRef(tenant_id=tenant_id, version_id=ref)


def _resolve(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return ResolveLetters.run, LetterSelection(tenant_id=tenant_id, resolution_id=ref)


def _bulk(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return IngestBulk.run, BulkState(tenant_id=tenant_id, ingestion_id=ref)


def _audit(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return AuditTenant.run, AuditRun(audit=AuditRef(tenant_id=tenant_id, audit_id=ref))


def _select(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return ApplySelection.run, SelectionRun(selection=SelectionRef(tenant_id=tenant_id, selection_id=ref))


def _build(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return BuildIndex.run, BuildRun(tenant_id=tenant_id, build_id=ref)


def _migrate(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return MigrateEmbeddings.run, BuildRun(tenant_id=tenant_id, build_id=ref)


def _erase(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return EraseSubject.run, ErasureRun(tenant_id=tenant_id, erasure_id=ref)


def _retain(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return ApplyRetention.run, RetentionProgress(run=RetentionRef(tenant_id=tenant_id, run_id=ref))


def _recheck(tenant_id: Id, _: Id) -> tuple[Any, Any]:
    return RecheckErasures.run, RecheckRun(tenant_id=tenant_id)


def _probe(tenant_id: Id, _: Id) -> tuple[Any, Any]:
    return ProbeEmbeddings.run, ProbeRef(tenant_id=tenant_id)


def _deliver(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return DeliverWebhook.run, DeliveryRef(tenant_id=tenant_id, delivery_id=ref)


def _sync(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return SyncSource.run, SyncRun(tenant_id=tenant_id, source_id=ref)


def _arrange(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return ArrangeSource.run, SourceRef(tenant_id=tenant_id, source_id=ref)


_KINDS: Final = {
    DispatchKind.INGEST_DOCUMENT: _ingest,
    DispatchKind.APPLY_METADATA: _apply,
    DispatchKind.DELETE_DOCUMENT: _delete,
    DispatchKind.INGEST_BULK: _bulk,
    DispatchKind.DISCARD_VERSION: _discard,
    DispatchKind.RESOLVE_LETTERS: _resolve,
    DispatchKind.AUDIT_TENANT: _audit,
    DispatchKind.APPLY_SELECTION: _select,
    DispatchKind.DELIVER_WEBHOOK: _deliver,
    DispatchKind.ERASE_SUBJECT: _erase,
    DispatchKind.BUILD_INDEX: _build,
    DispatchKind.APPLY_RETENTION: _retain,
    DispatchKind.PROBE_EMBEDDINGS: _probe,
    DispatchKind.MIGRATE_EMBEDDINGS: _migrate,
    DispatchKind.RECHECK_ERASURES: _recheck,
    DispatchKind.SYNC_SOURCE: _sync,
    DispatchKind.ARRANGE_SOURCE: _arrange,
}


_REUSE: Final = {
    False: WorkflowIDReusePolicy.REJECT_DUPLICATE,
    True: WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
}


_AGAIN: Final = {
    DispatchKind.DELIVER_WEBHOOK: "try_again",
    DispatchKind.SYNC_SOURCE: "look",
    DispatchKind.ARRANGE_SOURCE: "look",
}
"""Signals of workflows that are still about to end when the ledger says already how."""

_PRIORITIES: Final = {
    DispatchKind.INGEST_BULK: policies.BULK_PRIORITY,
    DispatchKind.APPLY_SELECTION: policies.BACKGROUND_PRIORITY,
    DispatchKind.AUDIT_TENANT: policies.BACKGROUND_PRIORITY,
    DispatchKind.BUILD_INDEX: policies.BACKGROUND_PRIORITY,
    DispatchKind.APPLY_RETENTION: policies.BACKGROUND_PRIORITY,
    DispatchKind.PROBE_EMBEDDINGS: policies.BACKGROUND_PRIORITY,
    DispatchKind.MIGRATE_EMBEDDINGS: policies.BACKGROUND_PRIORITY,
    DispatchKind.RECHECK_ERASURES: policies.BACKGROUND_PRIORITY,
    DispatchKind.DELIVER_WEBHOOK: policies.BACKGROUND_PRIORITY,
    DispatchKind.RESOLVE_LETTERS: policies.BACKGROUND_PRIORITY,
    DispatchKind.SYNC_SOURCE: policies.BACKGROUND_PRIORITY,
}
"""The rest is one document, that somebody may wait for."""


_ENDED_WELL: Final = frozenset({DispatchKind.ERASE_SUBJECT, DispatchKind.SYNC_SOURCE, DispatchKind.ARRANGE_SOURCE})
"""What is begun again although it had: a source has news, something certified has come back."""


def _reuse(dispatch: Dispatch) -> WorkflowIDReusePolicy:
    if dispatch.again and dispatch.kind in _ENDED_WELL:
        return WorkflowIDReusePolicy.ALLOW_DUPLICATE
    return _REUSE[dispatch.again]


def _priority(dispatch: Dispatch) -> Priority:
    return policies.priority(dispatch.tenant_id, _PRIORITIES.get(dispatch.kind, policies.UPLOAD_PRIORITY))


@dataclass(frozen=True, slots=True)
class Starters:
    """Starts workflows on one Temporal client. Raises WorkflowsUnavailable when Temporal does not answer."""

    client: Client
    question_seconds: float = 30.0

    async def start(self, dispatch: Dispatch) -> None:
        """Start what a dispatch asks for. Starting it again, whether it runs or has ended, does nothing.

        A dispatch that says ``again`` starts a new run where the earlier one ended without success; one that is about
        to end is told instead, which Temporal does not let it miss.
        """
        run, value = _KINDS[dispatch.kind](dispatch.tenant_id, dispatch.ref)
        try:
            await self.client.start_workflow(
                run,
                value,
                id=dispatch.workflow_id,
                task_queue=Queue.CONTROL,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=_reuse(dispatch),
                search_attributes=started(dispatch.tenant_id, dispatch.kind.value, dispatch.ref),
                static_summary=f"{dispatch.kind.value} {dispatch.ref}",
                priority=_priority(dispatch),
                start_signal=_AGAIN.get(dispatch.kind) if dispatch.again else None,
                rpc_timeout=RPC_TIMEOUT,
            )
        except WorkflowAlreadyStartedError:
            return
        except RPCError as error:
            raise WorkflowsUnavailable from error

    async def resolve(self, workflow_id: str, action: LetterAction, decision_id: Id) -> Answered:
        """Send an ingestion the update `resolve`, with the decision's id. Raises WorkflowsUnavailable."""
        handle = self.client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(UPDATE_SECONDS):
                await handle.execute_update(IngestDocument.resolve, action.value, id=decision_id)
        except WorkflowUpdateFailedError:
            return Answered.NOT_WAITING
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise WorkflowsUnavailable from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return Answered.ENDED
            raise WorkflowsUnavailable from error
        return Answered.TAKEN

    async def look(self, tenant_id: Id, ingestion_id: Id) -> None:
        """Tell a bulk ingestion that the ledger has news for it; one that has ended, or not begun, needs none."""
        handle = self.client.get_workflow_handle(dispatch_id(DispatchKind.INGEST_BULK, tenant_id, ingestion_id))
        try:
            await handle.signal(IngestBulk.look, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise WorkflowsUnavailable from error

    async def look_at_migration(self, tenant_id: Id, migration_id: Id) -> None:
        """Tell a migration that the ledger has news for it; one that has ended, or not begun, needs none."""
        handle = self.client.get_workflow_handle(dispatch_id(DispatchKind.MIGRATE_EMBEDDINGS, tenant_id, migration_id))
        try:
            await handle.signal(MigrateEmbeddings.look, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise WorkflowsUnavailable from error

    async def look_at_erasure(self, tenant_id: Id, erasure_id: Id) -> None:
        """Tell an erasure that somebody decided on it; one that has ended, or not begun, reads the ledger anyway."""
        handle = self.client.get_workflow_handle(dispatch_id(DispatchKind.ERASE_SUBJECT, tenant_id, erasure_id))
        try:
            await handle.signal(EraseSubject.look, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise WorkflowsUnavailable from error

    async def answer(self, ref: QuestionRef) -> AnswerOutcome:
        """Answer a stored question in this process's query worker; one that is answered is not answered again.

        Raises WorkflowsUnavailable, DeadlineExceeded.
        """
        workflow_id = question_id(ref.tenant_id, ref.question_id)
        try:
            handle = await self.client.start_workflow(
                AnswerQuestion.run,
                ref,
                id=workflow_id,
                task_queue=Queue.QUERY,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                execution_timeout=timedelta(seconds=self.question_seconds),
                search_attributes=started(ref.tenant_id, ANSWER_QUESTION, ref.question_id),
                static_summary=ANSWER_QUESTION,
                priority=policies.priority(ref.tenant_id, policies.QUESTION_PRIORITY),
                request_eager_start=True,
                rpc_timeout=RPC_TIMEOUT,
            )
            return await handle.result()
        except WorkflowAlreadyStartedError:
            return await self.client.get_workflow_handle(workflow_id, result_type=AnswerOutcome).result()
        except WorkflowFailureError as error:
            raise _cause(error) from error
        except RPCError as error:
            raise WorkflowsUnavailable from error


def _cause(error: WorkflowFailureError) -> LetheError:
    """The error whose code the failed step left; a question that ran out of time has none."""
    if isinstance(error.cause, ActivityError):
        return by_code(code_of(error.cause))()
    return DeadlineExceeded("The question could not be answered in its time.")
