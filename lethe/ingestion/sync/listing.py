"""Comparing what a source holds with what is known of it; nothing is read yet."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar, cast

from lethe.contracts.sync import Compared, SyncRef
from lethe.errors import FailureClass, LetheError, SubjectSuppressed, WorkerStopping
from lethe.ingestion.bulk.batch import Reporter
from lethe.ingestion.sync.digester import Digester
from lethe.ingestion.sync.suppressed import suppressed_keys
from lethe.ingestion.sync.syncing import TRIES, Syncing, open_round
from lethe.model.ids import item_id
from lethe.model.sources import SourceItem
from lethe.model.syncs import EntryState, ListedAs, ListedItem, Source, SourceEntry, Sync, SyncState, SyncTrigger
from lethe.ports.ledger import UnitOfWork
from lethe.ports.sources import SourceReader
from lethe.privacy.sealing import Purpose, seal_json, unseal_json

WORK = frozenset({ListedAs.NEW, ListedAs.CHANGED})
"""What is read."""
LOOK_UPS = 50
"""Named items looked up before that is written down."""
FEW_GONE = 10
"""So many that events name may be gone without a question, however small the source is, if their folders are there."""

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Looked:
    """How many items were met; ``is_empty``: the source seems to hold nothing at all; ``is_bare``: nor does the folder
    of something that is gone.
    """

    items: int
    is_empty: bool = False
    is_bare: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """One round's."""

    source: Source
    sync: Sync
    digester: Digester
    key: bytes

    def listed(self, item: SourceItem, known: SourceEntry | None) -> ListedItem | None:
        """The item as something to be done; None if it is known as it is."""
        key_hmac = self.digester.of_key(item.key)
        if known and known.revision_hmac == self.digester.of_settled(item.key, item.revision, known.code):
            return None
        return ListedItem(
            tenant_id=self.sync.tenant_id,
            id=item_id(self.sync.id, key_hmac),
            sync_id=self.sync.id,
            key_hmac=key_hmac,
            revision_hmac=self.digester.of_revision(item.key, item.revision),
            listed_as=ListedAs.NEW if known is None else ListedAs.CHANGED,
            sealed_item=seal_json(self.key, Purpose.LISTED_ITEM, asdict(item)),
        )

    def refused(self, listed: ListedItem, known: SourceEntry | None) -> SourceEntry:
        """Met, and not taken for whom its name shows."""
        return SourceEntry(
            tenant_id=listed.tenant_id,
            source_id=self.source.id,
            key_hmac=listed.key_hmac,
            revision_hmac=listed.revision_hmac,
            document_id=known.document_id if known else None,
            state=EntryState.PRESENT,
            mapping=self.source.mapping,
            seen_sync_id=self.sync.id,
            code=SubjectSuppressed.code,
        )


def open_item(key: bytes, listed: ListedItem) -> SourceItem:
    """The item as it was listed. Raises SealBroken."""
    return SourceItem(**cast("dict[str, Any]", unseal_json(key, Purpose.LISTED_ITEM, listed.sealed_item)))


async def compare(deps: Syncing, ref: SyncRef, reporter: Reporter) -> Compared:
    """List the source, or look up what an event named, and keep what is to be done. Raises WorkerStopping."""
    async with deps.ledger.read() as uow:
        source, sync = await open_round(uow, ref)
    if sync.state is not SyncState.LISTING:
        return await _compared(deps, ref)
    key = await deps.keyring.create(ref.tenant_id, ref.sync_id)
    comparison = Comparison(source, sync, await deps.digester(source), key)
    if sync.trigger is SyncTrigger.EVENTS:
        looked = await _look_up(deps, ref, comparison, reporter)
    elif sync.trigger is SyncTrigger.CHANGE:
        looked = Looked(0)
    else:
        looked = await _list(deps, comparison, reporter)
    reporter.reach("compare:listed")
    return await _settle(deps, ref, looked)


async def _list(deps: Syncing, comparison: Comparison, reporter: Reporter) -> Looked:
    sync, listed = comparison.sync, 0
    async with deps.ledger.write() as uow:
        known = await uow.sources.count_present(sync.tenant_id, sync.source_id)
        # What an attempt before this one listed may be gone by now.
        await uow.syncs.forget_listing(sync.tenant_id, sync.id)
        await uow.syncs.update(replace(sync, known=known))
    async with deps.reader(comparison.source) as reader:
        async for page in _pages(reader.items(), deps.settings.page_items):
            if reporter.is_stopping():
                raise WorkerStopping
            await _compare_page(deps, comparison, page)
            listed += len(page)
            reporter.finished(listed)
    return Looked(listed, is_empty=not listed)


async def _compare_page(deps: Syncing, comparison: Comparison, page: Sequence[SourceItem]) -> None:
    sync = comparison.sync
    hmacs = {comparison.digester.of_key(item.key): item for item in page}
    async with deps.ledger.read() as uow:
        known = await uow.sources.entries(sync.tenant_id, sync.source_id, hmacs)
    found = {item.key: comparison.listed(item, known.get(key_hmac)) for key_hmac, item in hmacs.items()}
    work = await _without_suppressed(deps, comparison, page, found, known)
    async with deps.ledger.write() as uow:
        await uow.sources.see(sync.tenant_id, sync.source_id, known, sync.id)
        await uow.syncs.put_listed(work)


async def _without_suppressed(
    deps: Syncing,
    comparison: Comparison,
    page: Sequence[SourceItem],
    found: Mapping[str, ListedItem | None],
    known: Mapping[str, SourceEntry],
) -> list[ListedItem]:
    """What is to be done; of the others it is kept only that they were met, as digests."""
    tenant_id = comparison.sync.tenant_id
    work = {key: listed for key, listed in found.items() if listed is not None}
    hidden = await suppressed_keys(deps, tenant_id, [item for item in page if item.key in work])
    refused = [comparison.refused(work[key], known.get(work[key].key_hmac)) for key in sorted(hidden)]
    async with deps.ledger.write() as uow:
        await uow.sources.put_entries(refused)
    return [listed for key, listed in work.items() if key not in hidden]


async def _look_up(deps: Syncing, ref: SyncRef, comparison: Comparison, reporter: Reporter) -> Looked:
    sync, looked_up = comparison.sync, 0
    async with deps.reader(comparison.source) as reader:
        while True:
            async with deps.ledger.read() as uow:
                named = await uow.syncs.listed(ref.tenant_id, ref.sync_id, {ListedAs.NAMED}, LOOK_UPS)
                hmacs = [each.key_hmac for each in named]
                known = await uow.sources.entries(ref.tenant_id, ref.source_id, hmacs)
            if not named:
                is_empty = await _holds_nothing(deps, ref, reader)
                return Looked(looked_up, is_empty, is_bare=await _is_bare(deps, ref, comparison, reader))
            if reporter.is_stopping():
                raise WorkerStopping
            asked = [(each, await _asked(reader, _key_of(comparison.key, each), reporter)) for each in named]
            pairs = [(each, item) for each, item in asked if not isinstance(item, LetheError)]
            unread = [item for _, item in asked if isinstance(item, LetheError)]
            if not pairs:
                raise unread[0]  # of the source, it seems, not of an item
            there_now = [item for _, item in pairs if item is not None]
            met = {item.key: comparison.listed(item, known.get(each.key_hmac)) for each, item in pairs if item}
            gone = [replace(each, listed_as=ListedAs.GONE) for each, item in pairs if item is None]
            found = [*gone, *await _without_suppressed(deps, comparison, there_now, met, known)]
            there = [each.key_hmac for each, item in pairs if item is not None and each.key_hmac in known]
            async with deps.ledger.write() as uow:
                await uow.tenants.lock(ref.tenant_id)
                _, sync = await open_round(uow, ref)
                await uow.syncs.update(replace(sync, failed=sync.failed + len(unread)))
                await uow.syncs.done(ref.tenant_id, [each.id for each in named])
                await uow.syncs.put_listed([each for each in found if _matters(each, known)])
                await uow.sources.see(ref.tenant_id, ref.source_id, there, sync.id)
            looked_up += len(pairs)
            reporter.finished(looked_up)


async def _holds_nothing(deps: Syncing, ref: SyncRef, reader: SourceReader) -> bool:
    """Asked where known items are gone only: under what was taken away nothing is found, whatever its name."""
    async with deps.ledger.read() as uow:
        counts = await uow.syncs.count_listed(ref.tenant_id, ref.sync_id)
    if not counts.get(ListedAs.GONE):
        return False
    async for _ in reader.items():
        return False
    return True


async def _is_bare(deps: Syncing, ref: SyncRef, comparison: Comparison, reader: SourceReader) -> bool:
    """Of more than a few it makes no difference."""
    async with deps.ledger.read() as uow:
        gone = await uow.syncs.listed(ref.tenant_id, ref.sync_id, {ListedAs.GONE}, FEW_GONE)
    return not all([await reader.holds_beside(_key_of(comparison.key, each)) for each in gone])


async def _asked(reader: SourceReader, key: str, reporter: Reporter) -> SourceItem | LetheError | None:
    """What is there, or why nobody can say: the others go on without it, after a few tries where that may help."""
    try:
        return await reader.item(key)
    except LetheError as error:
        may_succeed = error.failure_class is FailureClass.TRANSIENT and reporter.attempt < TRIES
        if may_succeed or not error.code.startswith("source_"):
            raise
        return error


def _matters(listed: ListedItem, known: dict[str, SourceEntry]) -> bool:
    """That something nobody knew is not there needs nothing."""
    return listed.listed_as is not ListedAs.GONE or listed.key_hmac in known


def _key_of(key: bytes, named: ListedItem) -> str:
    return str(cast("dict[str, Any]", unseal_json(key, Purpose.LISTED_ITEM, named.sealed_item))["key"])


async def _settle(deps: Syncing, ref: SyncRef, looked: Looked) -> Compared:
    async with deps.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        _, sync = await open_round(uow, ref)
        counts = await uow.syncs.count_listed(ref.tenant_id, ref.sync_id)
        vanished = await _count_vanished(uow, sync, counts)
        work = sum(counts.get(kind, 0) for kind in WORK)
        skipped = max(0, looked.items - work - counts.get(ListedAs.GONE, 0))
        if sync.trigger is SyncTrigger.EVENTS:
            sync = replace(sync, known=await uow.sources.count_present(ref.tenant_id, ref.source_id))
        sync = replace(sync, listed=looked.items, vanished=vanished, skipped=skipped, state=SyncState.INGESTING)
        if sync.is_dry_run:
            new, changed = counts.get(ListedAs.NEW, 0), counts.get(ListedAs.CHANGED, 0)
            sync = replace(sync, added=new, updated=changed, deleted=vanished)
        elif sync.decision is None and vanished > _most_unasked(sync, looked, deps.settings.ask_above_share):
            sync = replace(sync, state=SyncState.NEEDS_ATTENTION)
        await uow.syncs.update(sync)
    return Compared(state=sync.state, listed=looked.items, work=work, vanished=vanished)


async def _count_vanished(uow: UnitOfWork, sync: Sync, counts: dict[ListedAs, int]) -> int:
    if sync.trigger is SyncTrigger.EVENTS:
        return counts.get(ListedAs.GONE, 0)
    if sync.trigger is SyncTrigger.CHANGE:
        return 0
    return await uow.sources.count_vanished(sync.tenant_id, sync.source_id, sync.id)


def _most_unasked(sync: Sync, looked: Looked, share: float) -> float:
    """What is not there may be the fault of who looks: a disk that was taken away is empty for events, too."""
    if looked.is_empty:
        return 0
    few = FEW_GONE if sync.trigger is SyncTrigger.EVENTS and not looked.is_bare else 0
    return max(few, share * sync.known)


async def _compared(deps: Syncing, ref: SyncRef) -> Compared:
    """What an earlier attempt came to."""
    async with deps.ledger.read() as uow:
        _, sync = await open_round(uow, ref)
        counts = await uow.syncs.count_listed(ref.tenant_id, ref.sync_id)
    work = sum(counts.get(kind, 0) for kind in WORK)
    return Compared(state=sync.state, listed=sync.listed, work=work, vanished=sync.vanished)


async def _pages(items: AsyncIterator[ItemT], size: int) -> AsyncIterator[list[ItemT]]:
    page = list[ItemT]()
    async for item in items:
        page.append(item)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page
