"""Ordering rounds of a source, by hand or by what its store says has changed, and answering what one asks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.errors import DocumentConflict, KeyDestroyed, SourceDeleting, SourceNotFound, SyncNotFound, SyncNotWaiting
from lethe.ingestion.sync.digester import Digester
from lethe.model.ids import Id, item_id, new_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller
from lethe.model.syncs import Decision, ListedAs, ListedItem, Source, SourceState, Sync, SyncState, SyncTrigger
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, PageCursor, UnitOfWork
from lethe.privacy.sealing import Purpose, seal_json

MAX_LOOKS: Final = 20
"""How often a round that begins just then is made way for."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """The rounds of a tenant's sources. Raises SourceNotFound, SyncNotFound for another's."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

    async def order(self, caller: Caller, source_id: Id, *, is_dry_run: bool, sync_id: Id | None = None) -> Sync:
        """A round as soon as none is under way; one that waits for that already is the same. Raises SourceDeleting.

        ``sync_id``: what it is called; one that an earlier, broken off sending of the request ordered is met again by
        it.
        """
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            source = await active_source(uow, caller, source_id)
            ordered = await uow.syncs.get(caller.tenant_id, sync_id) if sync_id else None
            if ordered is not None:
                return ordered
            return await add_round(
                uow, source, SyncTrigger.MANUAL, self.clock.now(), is_dry_run=is_dry_run, sync_id=sync_id
            )

    async def notify(self, caller: Caller, source_id: Id, keys: Sequence[str]) -> Sync:
        """A round of the items of these keys alone, whatever has become of them: with those that wait for one already.

        Raises SourceDeleting.
        """
        tenant_id = caller.tenant_id
        digester = Digester(await self.keyring.secret(tenant_id, SecretPurpose.DIGEST), source_id)
        for _ in range(MAX_LOOKS):
            async with self.ledger.read() as uow:
                waiting = _waiting(await uow.syncs.unfinished(tenant_id, source_id), SyncTrigger.EVENTS)
            sync_id = waiting.id if waiting else new_id()
            try:
                key = await self.keyring.create(tenant_id, sync_id)
            except KeyDestroyed:
                continue  # it has ended
            named = [_named(digester, tenant_id, sync_id, key, each) for each in dict.fromkeys(keys)]
            async with self.ledger.write() as uow:
                await uow.tenants.lock(tenant_id)
                source = await active_source(uow, caller, source_id)
                begun = await uow.syncs.get(tenant_id, sync_id)
                if begun is not None and begun.state is not SyncState.PENDING:
                    continue
                now = self.clock.now()
                sync = await add_round(uow, source, SyncTrigger.EVENTS, now, sync_id=sync_id)
                if sync.id == sync_id:
                    await uow.syncs.put_listed(named)
                    return sync
            # Another one began to wait, or this one to be made, between the look and the lock.
        raise DocumentConflict("The source is being synced again and again; repeat the request.")

    async def decide(self, caller: Caller, source_id: Id, sync_id: Id, decision: Decision) -> Sync:
        """What becomes of the documents that the round's listing lacks. Raises SyncNotWaiting."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            source = await active_source(uow, caller, source_id)
            sync = await _found(uow, caller, source_id, sync_id)
            if sync.decision is decision:
                return sync
            if sync.state is not SyncState.NEEDS_ATTENTION or sync.decision is not None:
                raise SyncNotWaiting
            decided = replace(sync, decision=decision)
            await uow.syncs.update(decided)
            await uow.dispatches.renew(dispatch_of(DispatchKind.SYNC_SOURCE, source, self.clock.now()))
        return decided

    async def get(self, caller: Caller, source_id: Id, sync_id: Id) -> Sync:
        async with self.ledger.read() as uow:
            return await _found(uow, caller, source_id, sync_id)

    async def page(self, caller: Caller, source_id: Id, after: PageCursor | None, limit: int) -> list[Sync]:
        """Newest first."""
        async with self.ledger.read() as uow:
            if await uow.sources.get(caller.tenant_id, source_id) is None:
                raise SourceNotFound
            return await uow.syncs.page(caller.tenant_id, source_id, after, limit)


async def active_source(uow: UnitOfWork, caller: Caller, source_id: Id) -> Source:
    """Raises SourceNotFound, SourceDeleting."""
    source = await uow.sources.get(caller.tenant_id, source_id)
    if source is None:
        raise SourceNotFound
    if source.state is not SourceState.ACTIVE:
        raise SourceDeleting
    return source


async def add_round(
    uow: UnitOfWork,
    source: Source,
    trigger: SyncTrigger,
    now: datetime,
    *,
    is_dry_run: bool = False,
    sync_id: Id | None = None,
) -> Sync:
    """One that waits, and the dispatch that begins it; needs the tenant's lock."""
    unfinished = await uow.syncs.unfinished(source.tenant_id, source.id)
    sync = _waiting(unfinished, trigger, is_dry_run=is_dry_run)
    if sync is None:
        sync = Sync(source.tenant_id, sync_id or new_id(), source.id, trigger, is_dry_run, SyncState.PENDING, now)
        await uow.syncs.add(sync)
    await uow.dispatches.renew(dispatch_of(DispatchKind.SYNC_SOURCE, source, now))
    return sync


def dispatch_of(kind: DispatchKind, source: Source, now: datetime) -> Dispatch:
    """What starts the source's workflow of that kind, or tells the one that runs."""
    return Dispatch(source.tenant_id, dispatch_id(kind, source.tenant_id, source.id), kind, source.id, now, again=True)


def _waiting(unfinished: Sequence[Sync], trigger: SyncTrigger, *, is_dry_run: bool = False) -> Sync | None:
    wanted = (SyncState.PENDING, trigger, is_dry_run)
    return next((each for each in unfinished if (each.state, each.trigger, each.is_dry_run) == wanted), None)


def _named(digester: Digester, tenant_id: Id, sync_id: Id, key: bytes, name: str) -> ListedItem:
    key_hmac = digester.of_key(name)
    return ListedItem(
        tenant_id=tenant_id,
        id=item_id(sync_id, key_hmac),
        sync_id=sync_id,
        key_hmac=key_hmac,
        revision_hmac="",
        listed_as=ListedAs.NAMED,
        sealed_item=seal_json(key, Purpose.LISTED_ITEM, {"key": name}),
    )


async def _found(uow: UnitOfWork, caller: Caller, source_id: Id, sync_id: Id) -> Sync:
    sync = await uow.syncs.get(caller.tenant_id, sync_id)
    if sync is None or sync.source_id != source_id:
        raise SyncNotFound
    return sync
