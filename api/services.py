"""What the routes work with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from api.cursors import Cursors
from api.flights import Flights
from api.idempotency import Idempotency
from api.limits import InFlight
from api.running import Running
from lethe.answering.deps import Answering
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.indexing.migration.migrations import Migrations
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.documents import Documents
from lethe.ingestion.letters import Letters
from lethe.ingestion.quarantines import Quarantines
from lethe.ingestion.restricting import Restrictions
from lethe.ingestion.retention_policy import RetentionRules
from lethe.ingestion.selections import Selections
from lethe.ingestion.sync.ordering import Rounds
from lethe.ingestion.sync.overdue import OverdueSources
from lethe.ingestion.sync.pausing import Pauses
from lethe.ingestion.sync.registry import Sources
from lethe.ingestion.uploads import Uploads
from lethe.model.ids import Id
from lethe.ports.breakers import Breakers
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.schedules import Schedules
from lethe.ports.workflows import WorkflowControl
from lethe.privacy.certificates.issuing import CertificateIssuer
from lethe.privacy.erasure.intake import Erasures
from lethe.privacy.erasure.review import Reviews
from lethe.privacy.erasure.suppressing import Lifting
from lethe.privacy.provider_policy import ProviderPolicy
from lethe.retrieval.glossary import Glossaries
from lethe.settings import Settings
from lethe.webhooks.registry import Webhooks
from workers.failpoints import Failpoint

Probe = Callable[[], Awaitable[bool]]
"""Whether a store answers."""


class Workflows(WorkflowControl, Protocol):
    """Temporal, as far as the API needs it."""

    @property
    def answers_here(self) -> bool:
        """Whether this process runs the steps of questions."""
        ...

    async def look(self, tenant_id: Id, ingestion_id: Id) -> None:
        """Tell a bulk ingestion that the ledger has news for it. Raises WorkflowsUnavailable."""
        ...

    async def look_at_erasure(self, tenant_id: Id, erasure_id: Id) -> None:
        """Tell an erasure that somebody decided on it. Raises WorkflowsUnavailable."""
        ...

    async def look_at_migration(self, tenant_id: Id, migration_id: Id) -> None:
        """Tell a migration that somebody asked something of it. Raises WorkflowsUnavailable."""
        ...

    async def answer(self, ref: QuestionRef) -> AnswerOutcome:
        """Answer a stored question and wait. Raises WorkflowsUnavailable, DeadlineExceeded."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Built by `api.wiring`, only held here. ``probes`` are by the store's name in `/v1/health`."""

    settings: Settings
    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    uploads: Uploads
    receiving: Receiving
    ingestions: Ingestions
    documents: Documents
    quarantines: Quarantines
    letters: Letters
    selections: Selections
    sources: Sources
    rounds: Rounds
    schedules: Schedules
    pauses: Pauses
    overdue: OverdueSources
    erasures: Erasures
    reviews: Reviews
    lifting: Lifting
    restrictions: Restrictions
    retention: RetentionRules
    certificates: CertificateIssuer
    webhooks: Webhooks
    migrations: Migrations
    provider_policy: ProviderPolicy
    glossaries: Glossaries
    answering: Answering
    workflows: Workflows
    cursors: Cursors
    idempotency: Idempotency
    questions: InFlight
    flights: Flights
    breakers: Breakers
    streams: InFlight
    running: Running
    failpoint: Failpoint
    probes: Mapping[str, Probe]
