"""Settings -> adapters -> services. The one place of the API that knows a vendor."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from api.cursors import Cursors
from api.flights import Flights
from api.idempotency import Idempotency
from api.limits import InFlight
from api.running import Running
from api.services import Services
from api.temporal import TemporalLink
from lethe.adapters.breakers import GuardedEmbedder, make_breakers
from lethe.adapters.llm import open_chat_models, open_rewording
from lethe.adapters.redis import open_redis
from lethe.adapters.rerank import open_reranker
from lethe.adapters.sources import ConfiguredReaders
from lethe.adapters.stores import open_stores
from lethe.adapters.tokens import make_tokens
from lethe.answering.attack_bank import AttackBank
from lethe.answering.caching.keys import CachePolicy
from lethe.answering.chain import make_chain
from lethe.answering.deps import Answering
from lethe.indexing.migration.migrations import Migrations
from lethe.indexing.migration.planning import MigrationPlanner
from lethe.indexing.migration.targets import targets_of
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.chunking import chunk_plan, pipeline_revision
from lethe.ingestion.documents import Documents
from lethe.ingestion.letters import Letters
from lethe.ingestion.quarantines import Quarantines
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.restricting import Restrictions
from lethe.ingestion.retention_policy import RetentionRules
from lethe.ingestion.selections import Selections
from lethe.ingestion.sync.ordering import Rounds
from lethe.ingestion.sync.overdue import OverdueSources
from lethe.ingestion.sync.pausing import Pauses
from lethe.ingestion.sync.registry import Sources
from lethe.ingestion.uploads import Uploads
from lethe.ports.breakers import Breakers, embed_breaker
from lethe.ports.embedding import Embedder
from lethe.privacy.erasure.intake import Erasures
from lethe.privacy.erasure.review import Reviews
from lethe.privacy.erasure.suppressing import Lifting
from lethe.privacy.processors import ProcessorLedger
from lethe.privacy.provider_policy import ProviderPolicy, configured_processors
from lethe.retrieval.glossary import Glossaries
from lethe.retrieval.ladder import KeywordRung
from lethe.retrieval.search import Search
from lethe.settings import EmbeddingProvider, Settings
from lethe.webhooks.registry import Webhooks
from workers.failpoints import Failpoint
from workflows.source_schedules import SourceSchedules


@asynccontextmanager
async def open_services(settings: Settings, temporal: TemporalLink) -> AsyncGenerator[Services]:
    """The services over real adapters, closed at the end.

    Raises LedgerUnavailable if SQL does not come up, EmbeddingSpecMismatch if a corpus was indexed with another model,
    ConfigurationError for a Redis that persists, a model without its key, a prompt that does not exist.
    """
    async with (
        open_stores(settings, wait_for_sql=True) as stores,
        open_redis(settings.redis) as redis,
        Running() as running,
        AsyncExitStack() as stack,
    ):
        ledger, keyring, blobs, clock = stores.ledger, stores.keyring, stores.blobs, stores.clock
        breakers = make_breakers(settings, redis, clock)
        embedder = _guarded(stores.embedder, settings.embedding.provider, settings, breakers)
        others = tuple(_guarded(other, provider, settings, breakers) for provider, other in stores.others)
        for each in (embedder, *others):
            await each.warm_up()
        own = ((settings.embedding.provider, embedder), *stores.others)
        in_process = frozenset(each.spec.key for provider, each in own if not settings.outside(provider))
        reranker = await stack.enter_async_context(
            open_reranker(settings, ProcessorLedger(ledger, clock, settings.answering), breakers)
        )
        models = await stack.enter_async_context(
            open_chat_models(settings, ProcessorLedger(ledger, clock, settings.answering), breakers)
        )
        rewording = await stack.enter_async_context(
            open_rewording(settings, ProcessorLedger(ledger, clock, settings.answering), breakers)
        )
        overdue = OverdueSources(ledger, clock, settings.sync.overdue_check_seconds)
        words = KeywordRung(ledger, stores.keywords, breakers, settings.weaviate.timeout_seconds)
        search = Search(
            ledger,
            keyring,
            stores.index,
            embedder,
            settings.retrieval,
            words,
            reranker,
            settings.rerank.seconds,
            rewording=rewording,
            overdue=overdue,
            others=others,
        )
        uploads = Uploads(
            ledger=ledger,
            blobs=blobs,
            keyring=keyring,
            remover=VersionRemover(ledger, blobs, keyring, stores.index, stores.keywords),
            clock=clock,
            revision=pipeline_revision(settings.chunks, embedder.tokenizer),
            max_bytes=settings.limits.document_bytes,
        )
        yield Services(
            settings=settings,
            ledger=ledger,
            keyring=keyring,
            clock=clock,
            uploads=uploads,
            receiving=Receiving(ledger, keyring, uploads, clock),
            ingestions=Ingestions(ledger, keyring, clock),
            documents=Documents(ledger, keyring, clock),
            quarantines=Quarantines(ledger, keyring, clock),
            letters=Letters(ledger, clock, temporal),
            selections=Selections(ledger, keyring, clock),
            erasures=Erasures(ledger, keyring, clock, settings.erasure),
            reviews=Reviews(ledger, keyring, clock, settings.erasure),
            lifting=Lifting(ledger, keyring, clock),
            restrictions=Restrictions(ledger, clock),
            retention=RetentionRules(ledger, clock, settings.retention),
            certificates=stores.certificates,
            migrations=Migrations(
                ledger,
                clock,
                MigrationPlanner(
                    ledger,
                    targets_of(settings, stores.embedder, stores.others),
                    chunk_plan(settings.chunks, stores.embedder.tokenizer).sizes.target,
                    settings.answering,
                    settings.migrations,
                ),
                settings.indexing.soak_pause_seconds,
            ),
            sources=Sources(ledger, keyring, ConfiguredReaders(settings.sources), clock),
            rounds=Rounds(ledger, keyring, clock),
            schedules=SourceSchedules(temporal.client),
            pauses=Pauses(ledger, SourceSchedules(temporal.client), clock),
            overdue=overdue,
            webhooks=Webhooks(ledger, keyring, clock, settings.webhooks),
            glossaries=Glossaries(ledger, keyring, clock),
            provider_policy=ProviderPolicy(ledger, clock, configured_processors(settings)),
            answering=Answering(
                ledger,
                keyring,
                search,
                embedder,
                clock,
                make_tokens(settings, redis),
                settings.retrieval.embed_seconds,
                make_chain(settings, models, breakers, await _bank(settings, embedder) if models else None),
                caching=CachePolicy.from_settings(
                    settings, embedder.spec.key, "" if rewording is None else rewording.prompt.version
                ),
                others=others,
                in_process=in_process,
                searches_freely=reranker is None and rewording is None,
            ),
            workflows=temporal,
            cursors=Cursors(keyring),
            idempotency=Idempotency(ledger, keyring, clock, settings.limits.idempotency_hours),
            questions=InFlight(settings.api.max_in_flight_questions),
            flights=Flights(),
            breakers=breakers,
            streams=InFlight(settings.api.max_streams, "answers are being followed already"),
            running=running,
            failpoint=Failpoint.from_settings(settings.testing),
            probes={
                "sql": ledger.ready,
                "keyring": keyring.ready,
                "vectors": stores.index.ready,
                "blobs": blobs.ready,
                "temporal": temporal.ready,
            },
        )


async def _bank(settings: Settings, embedder: Embedder) -> AttackBank | None:
    """Known attacks, embedded; an outside embedder is not sent them."""
    if settings.outside(settings.embedding.provider) or not settings.guards.attack_bank:
        return None
    bank = AttackBank(embedder, settings.retrieval.embed_seconds)
    await bank.warm_up()
    return bank


def _guarded(embedder: Embedder, provider: EmbeddingProvider, settings: Settings, breakers: Breakers) -> Embedder:
    """A model in this process needs no breaker."""
    processors = settings.outside(provider)
    return GuardedEmbedder(embedder, breakers, embed_breaker(processors[0][0])) if processors else embedder
