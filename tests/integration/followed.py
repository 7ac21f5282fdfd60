"""A source that a tenant follows, driven as the API does after its commits."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from lethe.adapters.clock import SystemClock
from lethe.adapters.sources import ConfiguredReaders
from lethe.ingestion.sync.ordering import Rounds, dispatch_of
from lethe.ingestion.sync.pausing import Pauses
from lethe.ingestion.sync.registry import Sources, SourceWish
from lethe.model.documents import Document, Status
from lethe.model.ids import Id
from lethe.model.operations import DispatchKind
from lethe.model.sources import SourceAddress, SourceKind
from lethe.model.syncs import Source, Sync, SyncState
from lethe.ports.search import SearchRequest
from tests.integration.installation import Installation
from tests.integration.test_audit import first_found
from workflows.source_schedules import SourceSchedules
from workflows.starters import Starters

PATIENCE = 150.0


class Followed:
    """One place of its own, registered as a source of the installation's tenant."""

    def __init__(self, at: Installation, source: SourceAddress) -> None:
        self.at, self.address = at, source
        clock = SystemClock()
        self.sources = Sources(at.ledger, at.keyring, ConfiguredReaders(at.settings.sources), clock)
        self.rounds = Rounds(at.ledger, at.keyring, clock)
        self.schedules = SourceSchedules(lambda: at.client)
        self.pauses = Pauses(at.ledger, self.schedules, clock)
        self.id: Id = ""

    async def register(self, **wish: object) -> "Followed":
        said = SourceWish("followed", self.address.credentials, **wish)  # type: ignore[arg-type]
        made = await self.sources.create(self.at.caller, self.address.kind, self.address.address, said)
        self.id = made.source.id
        await self.start(DispatchKind.ARRANGE_SOURCE)
        return self

    async def source(self) -> Source:
        return (await self.sources.get(self.at.caller, self.id)).source

    async def start(self, kind: DispatchKind) -> None:
        """As the API does after its commit."""
        async with self.at.ledger.read() as uow:
            source = await uow.sources.get(self.at.caller.tenant_id, self.id)
        assert source
        await Starters(self.at.client).start(dispatch_of(kind, source, SystemClock().now()))

    async def sync(self, *, is_dry_run: bool = False) -> Sync:
        """A round to its end, or to its question."""
        ordered = await self.rounds.order(self.at.caller, self.id, is_dry_run=is_dry_run)
        await self.start(DispatchKind.SYNC_SOURCE)
        return await self.rested(ordered.id)

    async def told(self, *keys: str) -> Sync:
        """A round of what an event names, to its end, or to its question."""
        sync = await self.rounds.notify(self.at.caller, self.id, keys)
        await self.start(DispatchKind.SYNC_SOURCE)
        return await self.rested(sync.id)

    async def rested(self, sync_id: Id) -> Sync:
        found: list[Sync] = []

        async def is_resting() -> bool:
            sync = await self.rounds.get(self.at.caller, self.id, sync_id)
            found[:] = [sync]
            return sync.state.is_final or sync.state is SyncState.NEEDS_ATTENTION

        await until(is_resting)
        return found[0]

    async def found(self, text: str) -> set[Id]:
        """Its documents that the words find."""
        own = {document.id for document in await self.documents()}
        return own & set(await first_found(self.at, text))

    async def all_rounds(self) -> list[Sync]:
        return await self.rounds.page(self.at.caller, self.id, None, 100)

    async def documents(self) -> list[Document]:
        """That came from this source and can be read."""
        async with self.at.ledger.read() as uow:
            entries = await uow.sources.documents_of(self.at.caller.tenant_id, self.id, 1000)
            named = [entry.document_id for entry in entries if entry.document_id]
            found = await uow.documents.get_many(self.at.caller.tenant_id, named)
        return [each for each in found.values() if each.status is Status.READY and each.deleted_at is None]


class FollowedFolder(Followed):
    """One whose files the test writes."""

    def __init__(self, at: Installation, folder: Path) -> None:
        super().__init__(at, SourceAddress(at.caller.tenant_id, SourceKind.FOLDER, str(folder)))
        self.folder = folder

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


async def overdue_among(followed: Followed, text: str) -> set[Id]:
    """Documents of passages that say they are out of date, where this source is the one that is."""
    tenant_id = followed.at.caller.tenant_id

    def is_it(source_id: Id | None) -> bool:
        return source_id == followed.id

    search = replace(followed.at.search, overdue=is_it)
    async with followed.at.ledger.read() as uow:
        seq = await uow.tenants.seq(tenant_id)
    found = await search.find(SearchRequest(tenant_id, frozenset({tenant_id}), seq, text, 10, 0.0))
    return {passage.document_id for passage in found.passages if passage.is_overdue}


async def until(happens: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not await happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.2)
