"""Taking a person's data out of the stores, store by store, and seeing to it that the bytes go."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.contracts.erasure import ErasureRef, ErasureRound, Purged, Quieted, StoreErased, StoreStep
from lethe.errors import ErasureIncomplete, WorkflowsUnavailable
from lethe.model.erasures import ErasureItem, ErasureState, ItemState, PurgeState
from lethe.model.ids import Id
from lethe.model.operations import DispatchKind
from lethe.model.personal_data import ItemKind, StoreName
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import HistoryStore, PersonalDataStore, SourceRemover
from lethe.privacy.erasure.discovery import enter, get_request
from lethe.privacy.erasure.manifest import Manifest, as_item
from lethe.privacy.erasure.reporting import report
from lethe.privacy.erasure.sparing import Sparing, hold
from lethe.privacy.erasure.stores.base import refs_of
from lethe.privacy.erasure.stores.documents import SERVED
from lethe.settings import ErasureSettings

QUIET_SECONDS: Final = 60.0
QUIET_POLL: Final = 0.5

_OPEN: Final = (ItemState.PLANNED,)


@dataclass(frozen=True, slots=True)
class TakingOut:
    """Every method may be repeated; none does anything while the request is held."""

    ledger: Ledger
    clock: Clock
    stores: Mapping[StoreName, PersonalDataStore]
    remover: SourceRemover
    histories: HistoryStore
    key_cache_seconds: float
    settings: ErasureSettings

    @property
    def sparing(self) -> Sparing:
        return Sparing(self.ledger, self.clock)

    async def quiet(self, now: ErasureRound) -> Quieted:
        """Make what goes unreachable, end what is still bringing it in, and wait until it has ended."""
        if not await self._entered(now, ErasureState.ERASING):
            return Quieted(is_held=True)
        await self.sparing.spare_held(now)
        ended = 0
        async for page in self._manifest(now).pages(StoreName.DOCUMENTS, _OPEN):
            items = [as_item(each) for each in page]
            spared = await self.sparing.spare(now, items)
            items = [item for item in items if item.ref not in spared]
            running = await self.remover.withdraw(
                now.tenant_id, refs_of(items, ItemKind.DOCUMENT), refs_of(items, ItemKind.VERSION)
            )
            await self._end(now.tenant_id, running)
            ended += len(running)
            await self._hold_served(now, refs_of(items, ItemKind.VERSION))
            # Nothing is destroyed yet: a restriction that came while that ended is kept to as well.
            await self.sparing.spare(now, [item for item in items if item.kind is ItemKind.VERSION])
        return Quieted(ended=ended)

    async def _hold_served(self, now: ErasureRound, version_ids: Sequence[Id]) -> None:
        """One that went live since it was found is somebody's document now: the next round says how that goes."""
        async with self.ledger.read() as uow:
            found = await uow.versions.get_many(now.tenant_id, version_ids)
            documents = await uow.documents.get_many(now.tenant_id, {each.document_id for each in found.values()})
            live = {each.live_version_id for each in documents.values() if each.deleted_at is None}
            served = sorted(set(found) & live)
            chunks = await uow.personal.chunks_of(now.tenant_id, served) if served else []
        if not served:
            return
        async with self.ledger.write() as uow:
            await hold(uow, now, {*served, *chunks}, SERVED, self.clock.now())

    async def _end(self, tenant_id: Id, versions: Sequence[Id]) -> None:
        """Raises WorkflowsUnavailable if one does not end in a minute: the step is tried again."""
        workflow_ids = [dispatch_id(DispatchKind.INGEST_DOCUMENT, tenant_id, version_id) for version_id in versions]
        await self.histories.cancel(workflow_ids)
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                while await self.histories.running(workflow_ids):  # noqa: ASYNC110  (another process ends them)
                    await asyncio.sleep(QUIET_POLL)
        except TimeoutError as error:
            raise WorkflowsUnavailable from error

    async def erase(self, step: StoreStep) -> StoreErased:
        """One store's planned items. Raises ErasureIncomplete while it still shows something of them."""
        if not await self._entered(step, ErasureState.ERASING):
            return StoreErased(is_held=True, store=step.store)
        store = self.stores[StoreName(step.store)]
        if store.name is StoreName.KEYS:
            await self._spare_again(step)
        manifest, counts = self._manifest(step), None
        async for page in manifest.pages(store.name, _OPEN):
            if counts is not None and not await self._entered(step, ErasureState.ERASING):
                return StoreErased(is_held=True, store=step.store)
            items = [as_item(each) for each in page]
            await store.erase(step.tenant_id, items)
            if await store.remaining(step.tenant_id, items):
                raise ErasureIncomplete(step.store)
            counts = await self._told(step, store, page)
        if counts is None:
            counts = await self._told(step, store, [])
        if store.name is StoreName.DOCUMENTS and not await self._deleted(step):
            # Held while it erased: done again after the release, so that it is told then.
            return StoreErased(is_held=True, store=step.store)
        erased = counts[ItemState.ERASED]
        wait = self.key_cache_seconds if store.name is StoreName.KEYS and erased else 0.0
        return StoreErased(store=step.store, located=counts.total(), erased=erased, wait_seconds=wait)

    async def _spare_again(self, now: ErasureRound) -> None:
        """What came since the ingestions have ended. With its key a version is gone: nothing is spared after that."""
        await self.sparing.spare_held(now)
        keys, key = StoreName.KEYS.value, ItemKind.KEY.value
        async with self.ledger.read() as uow:
            gone = set(await uow.erasures.refs(now.tenant_id, now.erasure_id, keys, key, ItemState.ERASED))
        async for page in self._manifest(now).pages(StoreName.DOCUMENTS, _OPEN):
            alone = [as_item(each) for each in page if each.kind == ItemKind.VERSION and each.ref not in gone]
            await self.sparing.spare(now, alone)

    async def _told(self, step: StoreStep, store: PersonalDataStore, gone: Sequence[ErasureItem]) -> Counter[ItemState]:
        """Write down what is gone, and how far the store is by that."""
        at = self.clock.now()
        erased = [(as_item(each), ItemState.ERASED, each.code) for each in gone]
        async with self.ledger.write() as uow:
            await uow.erasures.put_items(self._manifest(step).rows(erased, step.round, at))
            return (await report(uow, step, [(store, PurgeState.PENDING)], step.round, at))[store.name]

    async def _deleted(self, ref: ErasureRound) -> bool:
        """The source rows go last, so everything is gone. False while the request is held."""
        at = self.clock.now()
        async with self.ledger.write() as uow:
            if not await enter(uow, ref, ErasureState.DELETED, at):
                return False
            request = await get_request(uow, ref)
            await uow.erasures.update(replace(request, deleted_at=at, updated_at=at))
        return True

    async def purge(self, ref: ErasureRef) -> Purged:
        """Ask every store for the bytes; when none has any left to remove, the request is purged."""
        async with self.ledger.read() as uow:
            request = await get_request(uow, ref)
        if request.state is ErasureState.PURGED:
            return Purged()
        since = await self._purging_since(ref)
        if since is None:
            return Purged(is_held=True)
        states = [(store, await store.purge(ref.tenant_id, since)) for store in self.stores.values()]
        pending = [store.name.value for store, state in states if state is PurgeState.PENDING]
        at = self.clock.now()
        async with self.ledger.write() as uow:
            await report(uow, ref, states, request.rounds, at)
            if not pending:
                if not await enter(uow, ref, ErasureState.PURGED, at):
                    return Purged(is_held=True)
                request = await get_request(uow, ref)
                await uow.erasures.update(replace(request, purged_at=request.purged_at or at, updated_at=at))
        return Purged(pending=pending)

    async def _purging_since(self, ref: ErasureRef) -> datetime | None:
        """When it was first known that nothing is left to be found; None if the request is held."""
        at = self.clock.now()
        async with self.ledger.write() as uow:
            if not await enter(uow, ref, ErasureState.PURGING, at):
                return None
            request = await get_request(uow, ref)
            if request.purging_at is None:
                await uow.erasures.update(replace(request, purging_at=at))
        return request.purging_at or at

    async def _entered(self, ref: ErasureRef, state: ErasureState) -> bool:
        """Most often it is there: that is looked up without keeping anybody from writing."""
        async with self.ledger.read() as uow:
            if (await get_request(uow, ref)).state is state:
                return True
        async with self.ledger.write() as uow:
            return await enter(uow, ref, state, self.clock.now())

    def _manifest(self, ref: ErasureRef) -> Manifest:
        return Manifest(self.ledger, ref.tenant_id, ref.erasure_id)
