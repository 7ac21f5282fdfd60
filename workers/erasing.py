"""The erasure of a person: one eraser per store, and what finds and drives."""

from datetime import timedelta

from activities.privacy import PrivacyActivities
from lethe.indexing.planning import BuildPlanner
from lethe.indexing.rebuilding import Rebuilding
from lethe.ingestion.erasing import DocumentErasure
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.rewriting import Rewriting
from lethe.ingestion.uploads import Uploads
from lethe.model.indexes import BuildKind
from lethe.model.personal_data import StoreName
from lethe.ports.clock import Clock
from lethe.ports.detection import PersonalDataDetector
from lethe.ports.personal_data import HistoryStore, PersonalDataStore, Rebuilder, SourceRemover
from lethe.ports.workflows import WorkflowControl
from lethe.privacy.certificates.issuing import CertificateIssuer
from lethe.privacy.detection import PatternDetector
from lethe.privacy.discovery.finder import SweepFinder
from lethe.privacy.discovery.neighbours import Neighbours
from lethe.privacy.erasure.certifying import Certifying
from lethe.privacy.erasure.discovery import Discovery
from lethe.privacy.erasure.lineage import LineageFinder
from lethe.privacy.erasure.stores.answers import AnswerCacheStore, FeedbackStore, QuestionStore
from lethe.privacy.erasure.stores.blobs import BlobEraser
from lethe.privacy.erasure.stores.documents import DocumentStore
from lethe.privacy.erasure.stores.histories import HistoryEraser
from lethe.privacy.erasure.stores.indexes import IndexStore
from lethe.privacy.erasure.stores.keys import KeyStore
from lethe.privacy.erasure.stores.outside import AgingStore, ProcessorStore
from lethe.privacy.erasure.stores.principals import PrincipalStore
from lethe.privacy.erasure.stores.sealed_rows import LetterStore, RequestStore
from lethe.privacy.erasure.taking_out import TakingOut
from lethe.privacy.erasure.verifying import Verifying
from lethe.privacy.short_lived import MEMORY_SECONDS
from lethe.privacy.verification.verifier import Verifier
from lethe.settings import ErasureSettings, Settings
from workers.steps import Steps
from workflows.policies import Queue


def personal_data_stores(
    settings: ErasureSettings,
    remover: VersionRemover,
    documents: SourceRemover,
    histories: HistoryStore,
    rebuilder: Rebuilder,
    keys_lifetime: timedelta,
) -> dict[StoreName, PersonalDataStore]:
    """Every store of the installation, each with its eraser."""
    ledger = remover.ledger
    stores: tuple[PersonalDataStore, ...] = (
        KeyStore(remover.keyring, keys_lifetime),
        AnswerCacheStore(ledger),
        FeedbackStore(ledger),
        QuestionStore(ledger),
        AgingStore(StoreName.TOKENS, timedelta(seconds=MEMORY_SECONDS)),
        IndexStore(ledger, remover.index, BuildKind.VECTOR, rebuilder),
        IndexStore(ledger, remover.keywords, BuildKind.KEYWORD, rebuilder),
        BlobEraser(remover.blobs),
        LetterStore(ledger),
        RequestStore(ledger, remover.keyring),
        PrincipalStore(ledger),
        ProcessorStore(ledger, timedelta(days=settings.processor_days)),
        HistoryEraser(histories, timedelta(days=settings.history_days)),
        AgingStore(StoreName.LOGS, timedelta(days=settings.log_days)),
        AgingStore(StoreName.AUDIT_LOG, timedelta()),
        AgingStore(StoreName.BACKUPS, timedelta(days=settings.backup_days)),
        DocumentStore(ledger, documents),
    )
    return {store.name: store for store in stores}


def privacy_activities(
    settings: Settings,
    remover: VersionRemover,
    clock: Clock,
    histories: HistoryStore,
    uploads: Uploads,
    detector: PersonalDataDetector | None = None,
    issuer: CertificateIssuer | None = None,
    control: WorkflowControl | None = None,
) -> PrivacyActivities:
    """What the workflow of an erasure runs. ``issuer``: None where there is no witness.

    ``control``: what starts the builds that a purge waits for, at once.
    """
    documents = DocumentErasure(remover, clock)
    lineage = LineageFinder(remover.ledger, remover.keyring)
    neighbours = Neighbours(remover.ledger, remover.keyring, remover.index, detector or PatternDetector())
    planner = BuildPlanner(remover.ledger, remover.index, remover.keywords, clock)
    overwrites = settings.keyring_url.startswith("sqlite")
    keys_lifetime = timedelta() if overwrites else timedelta(days=settings.erasure.backup_days)
    rebuilding = Rebuilding(planner, control)
    stores = personal_data_stores(settings.erasure, remover, documents, histories, rebuilding, keys_lifetime)
    discovery = Discovery(
        ledger=remover.ledger,
        keyring=remover.keyring,
        clock=clock,
        finder=SweepFinder(remover.ledger, remover.keyring, lineage, neighbours),
        stores=list(stores.values()),
        settings=settings.erasure,
    )
    return PrivacyActivities(
        discovery,
        Rewriting(discovery, uploads),
        TakingOut(
            ledger=remover.ledger,
            clock=clock,
            stores=stores,
            remover=documents,
            histories=histories,
            key_cache_seconds=settings.keys.cache_seconds,
            settings=settings.erasure,
        ),
        Verifying(
            remover.ledger,
            clock,
            Verifier(remover.ledger, remover.keyring, remover.blobs, remover.index, remover.keywords, stores, clock),
        ),
        Certifying(remover.ledger, remover.keyring, clock, stores, issuer),
    )


def erasing_steps(erasing: PrivacyActivities) -> Steps:
    return {
        Queue.IO: [
            erasing.discover_subject,
            erasing.rewrite_shared,
            erasing.quiet_ingestions,
            erasing.erase_store,
            erasing.purge_stores,
            erasing.verify_erasure,
            erasing.certify_erasure,
            erasing.check_erasure_again,
            erasing.list_certified,
        ],
        Queue.CONTROL: [erasing.look_at_erasure],
    }
