"""The stores every process opens: ledger, key ring, index, blobs and the embedder that fills the index."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from lethe.adapters.blobs import FsspecBlobs
from lethe.adapters.certifying import certificate_issuer, require_newest_state
from lethe.adapters.clock import SystemClock
from lethe.adapters.embedding.choice import OtherEmbedders, open_embedder, open_other_embedders
from lethe.adapters.keyring import SqlKeyRing
from lethe.adapters.keywords import keywords_from_settings
from lethe.adapters.sql import SqlLedger
from lethe.adapters.weaviate import WeaviateIndex
from lethe.adapters.witness.client import HttpWitness
from lethe.indexing.builds import refuse_other_specs
from lethe.ingestion.removal import VersionRemover
from lethe.ports.embedding import Embedder
from lethe.ports.keywords import KeywordIndex
from lethe.privacy.certificates.issuing import CertificateIssuer
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import Settings


@dataclass(frozen=True, slots=True)
class Stores:
    """Opened over the configured addresses. ``others``: embedders of tenants that were migrated, or will be."""

    ledger: SqlLedger
    keyring: SqlKeyRing
    index: WeaviateIndex
    keywords: KeywordIndex
    blobs: FsspecBlobs
    embedder: Embedder
    clock: SystemClock
    certificates: CertificateIssuer
    others: OtherEmbedders = ()


@asynccontextmanager
async def open_stores(settings: Settings, *, wait_for_sql: bool = False) -> AsyncGenerator[Stores]:
    """The stores, closed at the end. ``wait_for_sql`` gives SQL time to come up.

    Raises LedgerUnavailable if it does not, EmbeddingSpecMismatch if a corpus was indexed with another model, LogForked
    or WitnessUnavailable if the witness does not say that this is the newest state.
    """
    async with AsyncExitStack() as stack:
        ledger = SqlLedger.from_settings(settings)
        stack.push_async_callback(ledger.close)
        if wait_for_sql:
            await ledger.connect()
        keyring = SqlKeyRing.from_settings(settings)
        stack.push_async_callback(keyring.close)
        index = WeaviateIndex.from_settings(settings)
        stack.push_async_callback(index.close)
        keywords = keywords_from_settings(settings)
        stack.push_async_callback(keywords.close)
        clock = SystemClock()
        calls = ProcessorLedger(ledger, clock, settings.answering)
        embedder = await stack.enter_async_context(open_embedder(settings, calls))
        others = await stack.enter_async_context(open_other_embedders(settings, calls))
        await refuse_other_specs(ledger, embedder.spec, *(other.spec for _, other in others))
        blobs = FsspecBlobs.from_settings(settings)
        witness = HttpWitness.from_settings(settings)
        stack.push_async_callback(witness.close)
        await require_newest_state(settings, witness, VersionRemover(ledger, blobs, keyring, index, keywords), clock)
        issuer = certificate_issuer(settings, witness, ledger, clock)
        yield Stores(ledger, keyring, index, keywords, blobs, embedder, clock, issuer, others)
