"""What every step of a round works with, and how a source is opened."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lethe.contracts.sync import SourceRef, SyncRef
from lethe.errors import SourceNotFound, SyncNotFound
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.sync.digester import Digester
from lethe.ingestion.sync.spec import SourceSpec, address_of, open_spec
from lethe.model.syncs import Source, SourceState, Sync
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.sources import SourceReader, SourceReaders
from lethe.settings import SyncSettings

TRIES = 3
"""How often an item that cannot be read is tried, before the others go on without it."""


@dataclass(frozen=True, slots=True)
class Syncing:
    """The ports of a round. Every step may be repeated, and raises SourceNotFound once the source is on its way out."""

    ledger: Ledger
    keyring: KeyRing
    readers: SourceReaders
    receiving: Receiving
    ingestions: Ingestions
    clock: Clock
    settings: SyncSettings

    async def digester(self, source: Source) -> Digester:
        key = await self.keyring.secret(source.tenant_id, SecretPurpose.DIGEST)
        filters = (await self.spec(source)).filters
        return Digester(key, source.id, f"{filters.max_item_bytes} {self.receiving.uploads.max_bytes}")

    async def spec(self, source: Source) -> SourceSpec:
        return open_spec(await self.keyring.get(source.tenant_id, source.id), source)

    @asynccontextmanager
    async def reader(self, source: Source) -> AsyncGenerator[SourceReader]:
        """The source, opened and closed again."""
        spec = await self.spec(source)
        reader = await self.readers.open(address_of(source, spec), spec.filters)
        try:
            yield reader
        finally:
            await reader.close()


async def active_source(uow: UnitOfWork, ref: SourceRef) -> Source:
    """The source, unless it is gone or on its way out. Raises SourceNotFound."""
    source = await uow.sources.get(ref.tenant_id, ref.source_id)
    if source is None or source.state is not SourceState.ACTIVE:
        raise SourceNotFound
    return source


async def open_round(uow: UnitOfWork, ref: SyncRef) -> tuple[Source, Sync]:
    """A round that has not ended, and its source. Raises SourceNotFound, SyncNotFound."""
    source = await active_source(uow, ref)
    sync = await uow.syncs.get(ref.tenant_id, ref.sync_id)
    if sync is None or sync.state.is_final:
        raise SyncNotFound
    return source, sync
