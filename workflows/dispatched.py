"""What each kind of dispatch starts, and when it may be started again."""

from typing import Any, Final

from temporalio.common import WorkflowIDReusePolicy

from lethe.contracts.audit import AuditRef, AuditRun
from lethe.contracts.bulk import BulkState
from lethe.contracts.erasure import ErasureRun, RecheckRun
from lethe.contracts.indexing import BuildRun
from lethe.contracts.ingestion import DocumentRef, IngestStart, VersionRef
from lethe.contracts.letters import LetterSelection
from lethe.contracts.migrations import MigrationRun
from lethe.contracts.probes import ProbeRef
from lethe.contracts.reindexing import ReindexRef, ReindexRun
from lethe.contracts.retention import RetentionProgress, RetentionRef
from lethe.contracts.selection import SelectionRef, SelectionRun
from lethe.contracts.sync import SourceRef, SyncRun
from lethe.contracts.webhooks import DeliveryRef
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from workflows.audit import AuditTenant
from workflows.bulk import IngestBulk
from workflows.documents import ApplyMetadata, DeleteDocument
from workflows.erasure import EraseSubject
from workflows.index_builds import BuildIndex
from workflows.ingestion import IngestDocument
from workflows.letters import DiscardVersion, ResolveLetters
from workflows.migrations import MigrateEmbeddings
from workflows.probes import ProbeEmbeddings
from workflows.rechecks import RecheckErasures
from workflows.reindexing import ReindexTenant
from workflows.retention import ApplyRetention
from workflows.selection import ApplySelection
from workflows.sync import SyncSource
from workflows.sync_schedules import ArrangeSource
from workflows.webhooks import DeliverWebhook


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
    return MigrateEmbeddings.run, MigrationRun(tenant_id=tenant_id, build_id=ref)


def _erase(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return EraseSubject.run, ErasureRun(tenant_id=tenant_id, erasure_id=ref)


def _retain(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return ApplyRetention.run, RetentionProgress(run=RetentionRef(tenant_id=tenant_id, run_id=ref))


def _reindex(tenant_id: Id, ref: Id) -> tuple[Any, Any]:
    return ReindexTenant.run, ReindexRun(reindex=ReindexRef(tenant_id=tenant_id, reindex_id=ref))


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


KINDS: Final = {
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
    DispatchKind.REINDEX_TENANT: _reindex,
    DispatchKind.SYNC_SOURCE: _sync,
    DispatchKind.ARRANGE_SOURCE: _arrange,
}


_REUSE: Final = {
    False: WorkflowIDReusePolicy.REJECT_DUPLICATE,
    True: WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
}


AGAIN: Final = {
    DispatchKind.INGEST_DOCUMENT: "look",
    DispatchKind.DELIVER_WEBHOOK: "try_again",
    DispatchKind.ERASE_SUBJECT: "look",
    DispatchKind.SYNC_SOURCE: "look",
    DispatchKind.ARRANGE_SOURCE: "look",
}
"""Signals of workflows that still wait, or are about to end, when the ledger says already how."""


_ENDED_WELL: Final = frozenset(
    {
        DispatchKind.ERASE_SUBJECT,
        DispatchKind.SYNC_SOURCE,
        DispatchKind.ARRANGE_SOURCE,
        DispatchKind.DISCARD_VERSION,
    }
)
"""What is begun again although it had: a source has news, something certified has come back, what was to be discarded
was spared for a restriction that has ended.
"""


def reuse_policy(dispatch: Dispatch) -> WorkflowIDReusePolicy:
    if dispatch.again and dispatch.kind in _ENDED_WELL:
        return WorkflowIDReusePolicy.ALLOW_DUPLICATE
    return _REUSE[dispatch.again]
