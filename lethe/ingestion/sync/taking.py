"""Taking what is new or changed in, as a bulk ingestion takes uploads in."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace

from lethe.contracts.sync import Intake, IntakeEnd, SyncRef, TookIn
from lethe.errors import (
    FailureClass,
    Forbidden,
    LedgerConflict,
    LetheError,
    SourceItemGone,
    SourceItemTooLarge,
    WorkerStopping,
)
from lethe.ingestion.bulk.batch import Reporter
from lethe.ingestion.bulk.receiving import Taken
from lethe.ingestion.requests import Outcome, UploadRequest
from lethe.ingestion.sync.digester import Digester
from lethe.ingestion.sync.listing import WORK, open_item
from lethe.ingestion.sync.syncing import TRIES, Syncing, open_round
from lethe.model.ids import Id, item_id
from lethe.model.sources import SourceItem
from lethe.model.syncs import EntryState, ListedItem, Source, SourceEntry, Sync
from lethe.ports.sources import SourceReader


async def begin_intake(deps: Syncing, ref: SyncRef) -> Intake:
    """An open ingestion as whoever registered the source, if there is something to take in."""
    async with deps.ledger.read() as uow:
        source, sync = await open_round(uow, ref)
        counts = await uow.syncs.count_listed(ref.tenant_id, ref.sync_id)
    if sync.ingestion_id or not any(counts.get(kind) for kind in WORK):
        return Intake(ingestion_id=sync.ingestion_id)
    wanted = item_id(ref.sync_id, "ingestion")
    ingestion = await deps.receiving.start(source.caller, deps.settings.batch_window, ingestion_id=wanted)
    async with deps.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        _, sync = await open_round(uow, ref)
        await uow.syncs.update(replace(sync, ingestion_id=ingestion.id))
    return Intake(ingestion_id=ingestion.id)


async def take_in(deps: Syncing, ref: SyncRef, reporter: Reporter) -> TookIn:
    """Read and take in the next items. Raises WorkerStopping, and what the source raises where it is down."""
    async with deps.ledger.read() as uow:
        source, sync = await open_round(uow, ref)
        page = await uow.syncs.listed(ref.tenant_id, ref.sync_id, WORK, deps.settings.take_items)
    if not page or sync.ingestion_id is None:
        return TookIn(items=0, is_more=False)
    key = await deps.keyring.get(ref.tenant_id, ref.sync_id)
    slots, finished = asyncio.Semaphore(deps.settings.reads), 0
    async with deps.reader(source) as reader:
        digester = await deps.digester(source)
        taking = _Taking(deps, source, sync, sync.ingestion_id, digester, reader, reporter)

        async def one(listed: ListedItem) -> None:
            nonlocal finished
            async with slots:
                if reporter.is_stopping():
                    raise WorkerStopping
                await taking.take(listed, open_item(key, listed))
            finished += 1
            reporter.finished(finished)

        # All end before an error is raised: none may read on behind the back of a retry.
        for error in await asyncio.gather(*(one(listed) for listed in page), return_exceptions=True):
            if error is not None:
                raise error
    return TookIn(items=len(page), is_more=True)


@dataclass(frozen=True, slots=True)
class _Taking:
    deps: Syncing
    source: Source
    sync: Sync
    ingestion_id: Id
    digester: Digester
    reader: SourceReader
    reporter: Reporter

    async def take(self, listed: ListedItem, item: SourceItem) -> None:
        try:
            taken = await self._take(listed, item)
        except SourceItemGone:
            await self._forget(listed)
            return
        except SourceItemTooLarge as error:
            taken = await self._refuse(listed, item, error)
        except LetheError as error:
            if self._may_succeed(error):
                raise
            await self._refuse(listed, item, error)
            await self._forget(listed)
            return
        self.reporter.reach("take:before")
        await (self._forget(listed) if taken.code == Forbidden.code else self._settle(listed, item, taken))
        self.reporter.reach("take:after")

    async def _take(self, listed: ListedItem, item: SourceItem) -> Taken:
        request = UploadRequest(
            source_uri=item.uri,
            filename=item.name,
            media_type=item.media_type or "application/octet-stream",
            readers=self.source.readers,
            purpose=self.source.purpose,
            legal_basis=self.source.legal_basis,
        )
        caller = self.source.caller
        async with aclosing(_pieces(self.reader.read(item))) as data:
            return await self.deps.receiving.take(
                caller, self.ingestion_id, request, data, listed.id, source_id=self.source.id
            )

    async def _refuse(self, listed: ListedItem, item: SourceItem, error: LetheError) -> Taken:
        return await self.deps.receiving.refuse_item(
            self.source.tenant_id, self.ingestion_id, item.name, error, listed.id
        )

    def _may_succeed(self, error: LetheError) -> bool:
        """Anything but what concerns this item alone is tried again; that too, a few times, unless it is for good."""
        if not isinstance(error, LedgerConflict) and not error.code.startswith("source_"):
            return True
        return error.failure_class is FailureClass.TRANSIENT and self.reporter.attempt < TRIES

    async def _forget(self, listed: ListedItem) -> None:
        """It is met again by the next round: what refused it says nothing of these bytes."""
        async with self.deps.ledger.write() as uow:
            await uow.syncs.done(self.source.tenant_id, [listed.id])

    async def _settle(self, listed: ListedItem, item: SourceItem, taken: Taken) -> None:
        """Nothing is left to be done about it."""
        tenant_id = self.source.tenant_id
        async with self.deps.ledger.write() as uow:
            known = await uow.sources.entries(tenant_id, self.source.id, [listed.key_hmac])
            await uow.sources.put_entries([self._entry(listed, item, taken, known.get(listed.key_hmac))])
            await uow.syncs.done(tenant_id, [listed.id])

    def _entry(self, listed: ListedItem, item: SourceItem, taken: Taken, known: SourceEntry | None) -> SourceEntry:
        return SourceEntry(
            tenant_id=self.source.tenant_id,
            source_id=self.source.id,
            key_hmac=listed.key_hmac,
            revision_hmac=self.digester.of_settled(item.key, item.revision, taken.code),
            document_id=taken.document_id or (known.document_id if known else None),
            state=EntryState.PRESENT,
            mapping=self._mapping(taken, known),
            seen_sync_id=self.sync.id,
            code=taken.code,
        )

    def _mapping(self, taken: Taken, known: SourceEntry | None) -> int:
        """Only a new document has what is said now. An earlier version is served until this one is live, if ever."""
        if taken.outcome is Outcome.ADDED:
            return self.source.mapping
        return known.mapping if known else 0


async def _pieces(data: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """What can be closed, whatever it is that the source reads by."""
    async for piece in data:
        yield piece


async def close_intake(deps: Syncing, ref: SyncRef) -> Intake:
    """No more items come."""
    async with deps.ledger.read() as uow:
        source, sync = await open_round(uow, ref)
    if sync.ingestion_id is not None:
        await deps.ingestions.close(source.caller, sync.ingestion_id)
    return Intake(ingestion_id=sync.ingestion_id)


async def look_at_intake(deps: Syncing, ref: SyncRef) -> IntakeEnd:
    """Whether the ingestion has ended, one way or another."""
    async with deps.ledger.read() as uow:
        _, sync = await open_round(uow, ref)
        ingestion = await uow.ingestions.get(ref.tenant_id, sync.ingestion_id) if sync.ingestion_id else None
    return IntakeEnd(is_over=ingestion is None or ingestion.state.is_final)
