"""Deleting the documents whose items are not in the source any more, and all of a source that goes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lethe.contracts.sync import Removed, SourceRef, SyncRef
from lethe.ingestion.deletion import mark_all_deleted
from lethe.ingestion.metadata import IN_FLIGHT
from lethe.ingestion.sync.syncing import Syncing, open_round
from lethe.model.documents import Status
from lethe.model.ids import Id
from lethe.model.ingestions import IngestionState
from lethe.model.syncs import EntryState, ListedAs, SourceEntry, SourceState, Sync, SyncState, SyncTrigger
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.holds import free_to_go

PAGE = 50
"""Documents deleted under one lock of their tenant."""
MOST_RUNNING = 1000


@dataclass(frozen=True, slots=True)
class _Gone:
    """How many documents were deleted, and which had to stay."""

    deleted: int
    kept: frozenset[Id]


async def remove_vanished(deps: Syncing, ref: SyncRef) -> Removed:
    """Make the next vanished documents unreachable; they are taken out of the stores after that."""
    async with deps.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        _, sync = await open_round(uow, ref)
        if sync.trigger is SyncTrigger.CHANGE:
            return await _removed(uow, ref.tenant_id)
        gone = await _vanished(uow, sync)
        gone_now = await _delete(deps, uow, ref, gone)
        kept = [replace(entry, state=EntryState.KEPT) for entry in gone if entry.document_id in gone_now.kept]
        over = {entry.key_hmac for entry in gone}.difference(entry.key_hmac for entry in kept)
        await uow.sources.put_entries(kept)
        await uow.sources.forget_entries(ref.tenant_id, ref.source_id, over)
        deleted = sync.deleted + gone_now.deleted
        await uow.syncs.update(replace(sync, state=SyncState.DELETING, deleted=deleted))
        return await _removed(uow, ref.tenant_id, is_more=len(gone) == PAGE)


async def _vanished(uow: UnitOfWork, sync: Sync) -> list[SourceEntry]:
    if sync.trigger is not SyncTrigger.EVENTS:
        return await uow.sources.vanished(sync.tenant_id, sync.source_id, sync.id, PAGE)
    gone = await uow.syncs.listed(sync.tenant_id, sync.id, {ListedAs.GONE}, PAGE)
    await uow.syncs.done(sync.tenant_id, [each.id for each in gone])
    hmacs = [each.key_hmac for each in gone]
    return list((await uow.sources.entries(sync.tenant_id, sync.source_id, hmacs)).values())


async def remove_documents(deps: Syncing, ref: SourceRef) -> Removed:
    """The next documents of a source that goes, if they are to go with it; what still comes in is stopped first."""
    async with deps.ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        source = await uow.sources.get(ref.tenant_id, ref.source_id)
        if source is None or source.state is not SourceState.DELETING:
            return await _removed(uow, ref.tenant_id)
        await _stop_intakes(deps, uow, ref, is_cancelled=source.deletes_documents)
        if not source.deletes_documents:
            return await _removed(uow, ref.tenant_id)
        going = await uow.sources.documents_of(ref.tenant_id, ref.source_id, PAGE)
        await _delete(deps, uow, ref, going)
        await uow.sources.forget_entries(ref.tenant_id, ref.source_id, [entry.key_hmac for entry in going])
        return await _removed(uow, ref.tenant_id, is_more=len(going) == PAGE)


async def _stop_intakes(deps: Syncing, uow: UnitOfWork, ref: SourceRef, *, is_cancelled: bool) -> None:
    now = deps.clock.now()
    for sync in await uow.syncs.unfinished(ref.tenant_id, ref.source_id):
        if sync.ingestion_id is None:
            continue
        await uow.ingestions.close(ref.tenant_id, sync.ingestion_id, now)
        if is_cancelled:
            await uow.ingestions.set_state(ref.tenant_id, sync.ingestion_id, IngestionState.CANCELLED, now)


async def forget_source(deps: Syncing, ref: SourceRef) -> None:
    """Its keys, then its rows, those of its items and rounds among them."""
    async with deps.ledger.read() as uow:
        source = await uow.sources.get(ref.tenant_id, ref.source_id)
        unfinished = await uow.syncs.unfinished(ref.tenant_id, ref.source_id)
    if source is None or source.state is not SourceState.DELETING:
        return
    await deps.keyring.destroy(ref.tenant_id, [ref.source_id, *(sync.id for sync in unfinished)])
    async with deps.ledger.write() as uow:
        await uow.sources.delete(ref.tenant_id, ref.source_id)
        await uow.dispatches.delete_for(ref.tenant_id, [ref.source_id])


async def _delete(deps: Syncing, uow: UnitOfWork, ref: SourceRef, entries: Sequence[SourceEntry]) -> _Gone:
    """What another source holds too stays, and is told that one's readers at its next round; what is restricted, or
    held with an erasure, stays whoever decided.
    """
    named = {entry.document_id for entry in entries if entry.document_id}
    named -= await uow.sources.hand_over(ref.tenant_id, ref.source_id, named)
    found = await uow.documents.get_many(ref.tenant_id, named)
    there = [document for document in found.values() if document.deleted_at is None]
    going = await free_to_go(uow, ref.tenant_id, there)
    if going:
        seq = await uow.tenants.advance(ref.tenant_id)
        await mark_all_deleted(uow, ref.tenant_id, going, seq, deps.clock.now())
    kept = {document.id for document in there}.difference(document.id for document in going)
    return _Gone(len(going), frozenset(kept))


async def _removed(uow: UnitOfWork, tenant_id: Id, *, is_more: bool = False) -> Removed:
    """By what the ledger says is deleted: a repetition after a kill finds nothing of its own left to delete."""
    deleted = await uow.selections.deleted_after(tenant_id, None, MOST_RUNNING)
    versions = await uow.versions.of_documents(tenant_id, deleted)
    may_run = IN_FLIGHT | {Status.FAILED}
    running = [each.id for of_one in versions.values() for each in of_one if each.status in may_run]
    return Removed(documents=len(deleted), is_more=is_more, running=running[:MOST_RUNNING])
