"""Settings -> adapters -> activities, per kind of worker: a query worker builds no parser, a writer no answers."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from activities.audit import AuditActivities
from activities.bulk import BulkActivities
from activities.documents import DocumentActivities
from activities.index_builds import IndexBuildActivities
from activities.indexing import PublishingActivities
from activities.ingestion import ReadingActivities
from activities.letters import LetterActivities
from activities.selections import SelectionActivities
from activities.webhooks import WebhookActivities
from lethe.adapters.clock import SystemClock
from lethe.adapters.detection import make_detector
from lethe.adapters.malware import Clamd
from lethe.adapters.parsing import LimitedParser
from lethe.adapters.sources import ConfiguredReaders
from lethe.adapters.stores import open_stores
from lethe.adapters.webhooks import HttpSender
from lethe.indexing.audit import Auditor
from lethe.indexing.audit.fillers import VectorFiller
from lethe.indexing.builds import FirstBuild
from lethe.indexing.cutover import Cutover
from lethe.indexing.following import Follower
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.indexing.planning import BuildPlanner
from lethe.indexing.reconciling import Reconciler
from lethe.ingestion.bulk.archives import Archives
from lethe.ingestion.bulk.batch import Batches
from lethe.ingestion.bulk.planning import BulkPlanning
from lethe.ingestion.bulk.receiving import Ingestions
from lethe.ingestion.chunking import chunk_plan, pipeline_revision
from lethe.ingestion.deletion import Deletions
from lethe.ingestion.failures import FailureJournal
from lethe.ingestion.letters import Letters
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.selections import Selections
from lethe.ingestion.steps.embedding import LostVectors
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.uploads import Uploads
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import HistoryStore
from lethe.ports.schedules import Schedules
from lethe.ports.workflows import WorkflowControl
from lethe.settings import Settings
from lethe.webhooks.delivering import Deliveries
from workers.caring import caring_steps
from workers.erasing import erasing_steps, privacy_activities
from workers.failpoints import Failpoint
from workers.following import sync_activities
from workers.migrating import migration_steps
from workers.scratch import private_scratch
from workflows.policies import Queue

Activity = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker process is made of. ``activities`` are by the queue they run on.

    ``warm_up`` starts what the first document would otherwise wait for.
    """

    ledger: Ledger
    journal: FailureJournal
    keyword_builds: KeywordBuilds
    clock: SystemClock
    activities: dict[Queue, Sequence[Activity]]
    warm_up: Callable[[], Awaitable[None]]
    check_erasures: Callable[[], Awaitable[int]]


@asynccontextmanager
async def ingestion_parts(
    settings: Settings, control: WorkflowControl, histories: HistoryStore, schedules: Schedules
) -> AsyncGenerator[WorkerParts]:
    """The adapters of a worker that ingests, closed at the end. The last three reach other workflows.

    Raises EmbeddingSpecMismatch.
    """
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings))
        ledger, keyring, index, blobs = stores.ledger, stores.keyring, stores.index, stores.blobs
        embedder, clock = stores.embedder, stores.clock
        parser = LimitedParser.from_settings(settings)
        stack.push_async_callback(parser.close)
        journal = FailureJournal(ledger, keyring, clock, settings.limits, settings.failures)
        remover = VersionRemover(ledger, blobs, keyring, index, stores.keywords)
        pipeline = Pipeline(
            ledger=ledger,
            blobs=blobs,
            keyring=keyring,
            parser=parser,
            embedder=embedder,
            index=index,
            keywords=stores.keywords,
            clock=clock,
            chunking=chunk_plan(settings.chunks, embedder.tokenizer),
            limits=settings.limits,
            scratch=stack.enter_context(private_scratch(settings.state.resolve() / "scratch")),
            malware=Clamd.from_settings(settings.malware),
            embeds_outside=bool(settings.embedding_processors),
            others=tuple(other for _, other in stores.others),
        )
        sender = HttpSender(settings.webhooks)
        stack.push_async_callback(sender.close)
        telling = WebhookActivities(Deliveries(ledger, keyring, clock, sender, settings.webhooks))
        letters = Letters(ledger, clock, control)
        activities = _activities(settings, pipeline, remover, journal, letters)
        activities[Queue.WEBHOOKS] = [telling.deliver_webhook]
        uploads = _uploads(settings, pipeline, remover)
        readers = ConfiguredReaders(settings.sources, pipeline.scratch)
        following = sync_activities(settings, pipeline, uploads, readers, schedules)
        detector = make_detector(settings.detection.level)
        issuer = stores.certificates if settings.witness.url else None
        erasing = privacy_activities(settings, remover, clock, histories, uploads, detector, issuer)
        activities[Queue.CONTROL] = [*activities[Queue.CONTROL], *following[Queue.CONTROL], erasing.look_at_erasure]
        activities[Queue.IO] = [
            *activities[Queue.IO],
            *following[Queue.IO],
            *erasing_steps(erasing),
            *migration_steps(settings, pipeline),
            erasing.list_certified,
            *caring_steps(settings, pipeline, uploads),
        ]
        yield WorkerParts(
            ledger,
            journal,
            KeywordBuilds(ledger, stores.keywords),
            clock,
            activities,
            parser.warm_up,
            erasing.verifying.check_all,
        )


def _activities(
    settings: Settings, pipeline: Pipeline, remover: VersionRemover, journal: FailureJournal, letters: Letters
) -> dict[Queue, Sequence[Activity]]:
    reading = ReadingActivities(pipeline)
    publishing = PublishingActivities(pipeline, remover)
    deciding = LetterActivities(letters)
    documents = DocumentActivities(
        journal,
        Deletions(pipeline.ledger, remover, pipeline.clock),
        pipeline.keyring,
        pipeline.clock,
        settings.limits,
        settings.retention,
        settings.webhooks,
        settings.caching,
    )
    bulk = _bulk(settings, pipeline, remover, journal)
    auditor = Auditor(
        ledger=pipeline.ledger,
        keyring=pipeline.keyring,
        index=pipeline.index,
        blobs=pipeline.blobs,
        vectors=LostVectors(pipeline),
        keywords=pipeline.keywords,
        clock=pipeline.clock,
        settings=settings.audit,
    )
    audit = AuditActivities(auditor)
    building = _building(settings, pipeline, auditor)
    selected = SelectionActivities(
        Selections(pipeline.ledger, pipeline.keyring, pipeline.clock),
        Deletions(pipeline.ledger, remover, pipeline.clock),
        pipeline,
        timedelta(days=settings.audit.keep_days),
    )
    return {
        Queue.CPU: [
            reading.validate_document,
            reading.parse_document,
            reading.chunk_document,
            reading.embed_chunks,
        ],
        Queue.EMBED: [reading.chunk_document, reading.embed_chunks],
        Queue.IO: [
            publishing.index_version,
            publishing.verify_version,
            publishing.switch_version,
            publishing.drop_version,
            publishing.apply_metadata,
            bulk.drop_replaced,
            bulk.clear_bulk,
            audit.begin_audits,
            audit.plan_audit,
            audit.audit_build,
            audit.audit_blobs,
            audit.finish_audit,
            building.plan_build,
            building.follow_build,
            building.reconcile_build,
            building.close_build,
            building.roll_back_build,
            building.abort_build,
            building.finish_build,
            selected.select_page,
            selected.delete_selected,
            selected.update_selected,
            selected.remove_deleted,
            selected.finish_selection,
        ],
        Queue.CONTROL: [
            documents.open_dead_letter,
            documents.close_dead_letter,
            documents.plan_deletion,
            documents.finish_deletion,
            documents.reap_receiving,
            documents.expire_idempotency,
            documents.expire_ingestions,
            documents.expire_letters,
            documents.expire_cached_answers,
            documents.expire_deliveries,
            documents.expire_dispatches,
            deciding.plan_resolution,
            deciding.resolve_page,
            bulk.plan_batches,
            bulk.finish_bulk,
            bulk.change_bulk_state,
            bulk.change_bulk_window,
            bulk.close_bulk,
            documents.expire_processor_calls,
        ],
        Queue.BULK: [bulk.ingest_batch, bulk.unpack_archive],
    }


def _building(settings: Settings, pipeline: Pipeline, auditor: Auditor) -> IndexBuildActivities:
    follower = Follower(
        pipeline.ledger,
        pipeline.keyring,
        pipeline.index,
        VectorFiller(pipeline.ledger, pipeline.index, auditor.vectors),
        pipeline.clock,
        settings.indexing,
    )
    return IndexBuildActivities(
        BuildPlanner(pipeline.ledger, pipeline.index, pipeline.keywords, pipeline.clock),
        Reconciler(auditor, settings.indexing),
        Cutover(
            pipeline.ledger,
            follower,
            KeywordBuilds(pipeline.ledger, pipeline.keywords),
            settings.indexing,
            settings.limits.drop_after_seconds,
        ),
    )


def _uploads(settings: Settings, pipeline: Pipeline, remover: VersionRemover) -> Uploads:
    return Uploads(
        ledger=pipeline.ledger,
        blobs=pipeline.blobs,
        keyring=pipeline.keyring,
        remover=remover,
        clock=pipeline.clock,
        revision=pipeline_revision(settings.chunks, pipeline.embedder.tokenizer),
        max_bytes=settings.limits.document_bytes,
    )


def _bulk(settings: Settings, pipeline: Pipeline, remover: VersionRemover, journal: FailureJournal) -> BulkActivities:
    ingestions = Ingestions(pipeline.ledger, pipeline.keyring, _uploads(settings, pipeline, remover), pipeline.clock)
    return BulkActivities(
        Batches(pipeline, remover, journal),
        BulkPlanning(pipeline.ledger, remover, pipeline.clock, settings.bulk, settings.limits),
        Archives(ingestions, settings.bulk, pipeline.scratch),
        Failpoint.from_settings(settings.testing).reach,
    )


@asynccontextmanager
async def bootstrap_parts(settings: Settings) -> AsyncGenerator[tuple[Ledger, KeyRing, FirstBuild, datetime]]:
    """What preparing the stores needs, and the time it is done at. Raises EmbeddingSpecMismatch."""
    async with open_stores(settings) as stores:
        first = FirstBuild(stores.ledger, stores.index, stores.keywords, stores.embedder.spec)
        yield stores.ledger, stores.keyring, first, stores.clock.now()
