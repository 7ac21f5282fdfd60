"""The ledger: SQL as the source of truth, behind units of work.

A unit of work is short and never spans a call outside SQL. Repositories never commit; the unit does, once, at its end.
Every method is inside one tenant: the tenant id is always the first argument. The log of erasures alone is one for all.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from lethe.ports.ledger.audit_log import AuditLogRepository
from lethe.ports.ledger.caches import AnswerCacheRepository, CacheLookup, Standing
from lethe.ports.ledger.care import AuditRepository, QuarantineRepository, SelectionRepository
from lethe.ports.ledger.documents import (
    ChunkRepository,
    DocumentRepository,
    GateRow,
    SubjectRepository,
    VersionRepository,
)
from lethe.ports.ledger.erasures import ErasureRepository, SuppressionRepository
from lethe.ports.ledger.feedback import FeedbackRepository
from lethe.ports.ledger.glossaries import GlossaryRepository
from lethe.ports.ledger.indexes import ArtefactRepository, IndexBuildRepository
from lethe.ports.ledger.ingestions import IngestionRepository
from lethe.ports.ledger.migrations import MigrationRepository
from lethe.ports.ledger.operations import (
    DeadLetterRepository,
    DispatchRepository,
    IdempotencyRepository,
    TallyRepository,
)
from lethe.ports.ledger.paging import PageCursor
from lethe.ports.ledger.personal import PersonalRepository
from lethe.ports.ledger.probes import ProbeRepository
from lethe.ports.ledger.processors import ProcessorCallRepository, ProcessorPolicyRepository
from lethe.ports.ledger.questions import QuestionRepository
from lethe.ports.ledger.refusals import RefusalRepository
from lethe.ports.ledger.reindexing import ReindexRepository
from lethe.ports.ledger.retention import RetentionRepository
from lethe.ports.ledger.sources import SourceRepository, SyncRepository
from lethe.ports.ledger.tenants import ApiKeyRepository, TenantRepository
from lethe.ports.ledger.texts import TextRepository
from lethe.ports.ledger.webhooks import WebhookRepository

__all__ = [
    "AnswerCacheRepository",
    "ApiKeyRepository",
    "ArtefactRepository",
    "AuditLogRepository",
    "AuditRepository",
    "CacheLookup",
    "ChunkRepository",
    "DeadLetterRepository",
    "DispatchRepository",
    "DocumentRepository",
    "ErasureRepository",
    "FeedbackRepository",
    "GateRow",
    "GlossaryRepository",
    "IdempotencyRepository",
    "IndexBuildRepository",
    "IngestionRepository",
    "Ledger",
    "MigrationRepository",
    "PageCursor",
    "PersonalRepository",
    "ProbeRepository",
    "ProcessorCallRepository",
    "ProcessorPolicyRepository",
    "QuarantineRepository",
    "QuestionRepository",
    "RefusalRepository",
    "ReindexRepository",
    "RetentionRepository",
    "SelectionRepository",
    "SourceRepository",
    "Standing",
    "SubjectRepository",
    "SuppressionRepository",
    "SyncRepository",
    "TallyRepository",
    "TenantRepository",
    "TextRepository",
    "UnitOfWork",
    "VersionRepository",
    "WebhookRepository",
]


class UnitOfWork(Protocol):
    """One transaction and its repositories."""

    @property
    def tenants(self) -> TenantRepository: ...
    @property
    def api_keys(self) -> ApiKeyRepository: ...
    @property
    def documents(self) -> DocumentRepository: ...
    @property
    def versions(self) -> VersionRepository: ...
    @property
    def chunks(self) -> ChunkRepository: ...
    @property
    def builds(self) -> IndexBuildRepository: ...
    @property
    def refusals(self) -> RefusalRepository: ...
    @property
    def migrations(self) -> MigrationRepository: ...
    @property
    def artefacts(self) -> ArtefactRepository: ...
    @property
    def subjects(self) -> SubjectRepository: ...
    @property
    def dispatches(self) -> DispatchRepository: ...
    @property
    def dead_letters(self) -> DeadLetterRepository: ...
    @property
    def webhooks(self) -> WebhookRepository: ...
    @property
    def tallies(self) -> TallyRepository: ...
    @property
    def questions(self) -> QuestionRepository: ...
    @property
    def feedback(self) -> FeedbackRepository: ...
    @property
    def idempotency(self) -> IdempotencyRepository: ...
    @property
    def processor_calls(self) -> ProcessorCallRepository: ...
    @property
    def processor_policies(self) -> ProcessorPolicyRepository: ...
    @property
    def glossaries(self) -> GlossaryRepository: ...
    @property
    def ingestions(self) -> IngestionRepository: ...
    @property
    def quarantines(self) -> QuarantineRepository: ...
    @property
    def audits(self) -> AuditRepository: ...
    @property
    def answer_cache(self) -> AnswerCacheRepository: ...
    @property
    def audit_log(self) -> AuditLogRepository: ...
    @property
    def personal(self) -> PersonalRepository: ...
    @property
    def selections(self) -> SelectionRepository: ...
    @property
    def reindexes(self) -> ReindexRepository: ...
    @property
    def probes(self) -> ProbeRepository: ...
    @property
    def retention(self) -> RetentionRepository: ...
    @property
    def texts(self) -> TextRepository: ...
    @property
    def erasures(self) -> ErasureRepository: ...
    @property
    def sources(self) -> SourceRepository: ...
    @property
    def syncs(self) -> SyncRepository: ...
    @property
    def suppressions(self) -> SuppressionRepository: ...


class Ledger(Protocol):
    """Opens units of work.

    Raises LedgerUnavailable when SQL does not answer, does not grant a lock in time, or ends a deadlock: the same unit
    may succeed later. LedgerConflict when a constraint refuses: read again first. EnvironmentMismatch.
    """

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A consistent snapshot; nothing written."""
        ...

    def write(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Commits when the block ends, rolls back when it raises. BEGIN IMMEDIATE on SQLite."""
        ...

    async def empty_journal(self) -> bool:
        """Leave nothing of deleted rows in a journal that the ledger's users can empty; whether that is done."""
        ...

    async def ready(self) -> bool:
        """Whether SQL answers."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
