"""Settings -> adapters -> activities, per kind of worker: a query worker builds no parser, a writer no answers."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from activities.webhooks import WebhookActivities
from lethe.adapters.clock import SystemClock
from lethe.adapters.detection import make_detector
from lethe.adapters.malware import Clamd
from lethe.adapters.parsing import LimitedParser
from lethe.adapters.sources import ConfiguredReaders
from lethe.adapters.stores import open_stores
from lethe.adapters.webhooks import HttpSender
from lethe.indexing.builds import FirstBuild
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.indexing.migration.targets import targets_of
from lethe.ingestion.chunking import chunk_plan, pipeline_revision
from lethe.ingestion.failures import FailureJournal
from lethe.ingestion.letters import Letters
from lethe.ingestion.removal import VersionRemover
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
from workers.following import sync_steps
from workers.indexing import indexing_steps
from workers.ingesting import ingestion_steps
from workers.migrating import migration_steps
from workers.scratch import private_scratch
from workers.steps import Steps, together
from workflows.policies import Queue


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """What a worker process is made of. ``activities`` are by the queue they run on.

    ``warm_up`` starts what the first document would otherwise wait for.
    """

    ledger: Ledger
    journal: FailureJournal
    keyword_builds: KeywordBuilds
    clock: SystemClock
    activities: Steps
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
        uploads = _uploads(settings, pipeline, remover)
        readers = ConfiguredReaders(settings.sources, pipeline.scratch)
        detector = make_detector(settings.detection.level)
        issuer = stores.certificates if settings.witness.url else None
        erasing = privacy_activities(settings, remover, clock, histories, uploads, detector, issuer, control)
        activities = together(
            ingestion_steps(settings, pipeline, uploads, journal, Letters(ledger, clock, control)),
            indexing_steps(settings, pipeline),
            migration_steps(settings, pipeline),
            sync_steps(settings, pipeline, uploads, readers, schedules),
            caring_steps(settings, pipeline, uploads, targets_of(settings, embedder, stores.others)),
            erasing_steps(erasing),
            {Queue.WEBHOOKS: [telling.deliver_webhook]},
        )
        yield WorkerParts(
            ledger,
            journal,
            KeywordBuilds(ledger, stores.keywords),
            clock,
            activities,
            parser.warm_up,
            erasing.verifying.check_all,
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


@asynccontextmanager
async def bootstrap_parts(settings: Settings) -> AsyncGenerator[tuple[Ledger, KeyRing, FirstBuild, datetime]]:
    """What preparing the stores needs, and the time it is done at. Raises EmbeddingSpecMismatch."""
    async with open_stores(settings) as stores:
        first = FirstBuild(stores.ledger, stores.index, stores.keywords, stores.embedder.spec)
        yield stores.ledger, stores.keyring, first, stores.clock.now()
