"""Where a request stands, and what there is of the person: the manifest, written before anything is touched."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.contracts.erasure import Discovered, ErasureRef, ErasureRound, Standing
from lethe.errors import ErasureNotFound
from lethe.model.documents import SubjectMention
from lethe.model.erasures import ErasureItem, ErasureRequest, ErasureState, ItemState, PurgeState, check_move
from lethe.model.ids import Id, is_id
from lethe.model.personal_data import Item, ItemKind, Leads, StoreName, Trace, Wanted
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.personal_data import Finder, PersonalDataStore
from lethe.privacy.erasure.fencing import hide
from lethe.privacy.erasure.manifest import PAGE, Manifest
from lethe.privacy.erasure.reporting import report
from lethe.privacy.erasure.sparing import given_back, keep_held, let_go, settle, stays_otherwise
from lethe.privacy.erasure.stores.documents import KEPT, SHARED
from lethe.privacy.erasure.tracing import Tracing
from lethe.privacy.holds import holds_in, kept_of
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.settings import ErasureSettings

REVIEW: Final = "review"
"""The code of an item that a person should look at first: a version that a finder is not sure of."""

FOUND: Final = "found"

PRINCIPAL: Final = "principal"
"""The kind of an identifier that is the id of a caller of the tenant."""

_OVER: Final = frozenset({ErasureState.CANCELLED, ErasureState.CERTIFIED})
_PURGED: Final = frozenset({ErasureState.PURGED, ErasureState.VERIFYING})
_STOPPED: Final = frozenset({ErasureState.HELD, ErasureState.AWAITING_APPROVAL, ErasureState.CANCELLED})
"""Somebody has to decide first, or has decided that it ends."""

_WAITS: Final[Mapping[ErasureState, str]] = {
    ErasureState.RECEIVED: "fence",
    ErasureState.AWAITING_APPROVAL: "approval",
    ErasureState.HELD: "release",
}


@dataclass(frozen=True, slots=True)
class Discovery:
    """Repeated as often as it takes: a round writes only what no earlier one knew."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    finder: Finder
    stores: Sequence[PersonalDataStore]
    settings: ErasureSettings

    async def look(self, ref: ErasureRef) -> Standing:
        """Where the request stands. A review nobody decided on in its time is over: silence means it goes."""
        async with self.ledger.read() as uow:
            request = await get_request(uow, ref)
        if request.state is ErasureState.IN_REVIEW:
            return await self._reviewed(ref)
        if request.state is ErasureState.CANCELLED:
            # What a look that was under way has written since.
            async with self.ledger.write() as uow:
                await uow.erasures.forget(ref.tenant_id, ref.erasure_id)
        return _standing(request)

    async def _reviewed(self, ref: ErasureRef) -> Standing:
        """One unit under the tenant's lock, as a verdict is: what somebody decided meanwhile is not overwritten."""
        at = self.clock.now()
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            request = await get_request(uow, ref)
            if request.state is not ErasureState.IN_REVIEW:
                return _standing(request)
            left = self.settings.review_seconds - (at - request.updated_at).total_seconds()
            while open_ := await uow.erasures.items(ref.tenant_id, ref.erasure_id, states=[ItemState.IN_REVIEW]):
                if left > 0:
                    return Standing(state=request.state.value, waits_for="review", wait_seconds=left)
                await uow.erasures.put_items([replace(each, state=ItemState.PLANNED, updated_at=at) for each in open_])
            await enter(uow, ref, ErasureState.DISCOVERING, at)
        return Standing(state=ErasureState.DISCOVERING.value)

    async def discover(self, now: ErasureRound) -> Discovered:
        """Find, write the manifest (also where a hold came meanwhile: it keeps that), count again what was erased."""
        began = self.clock.now()
        request = await self._begun(now)
        if request.state in _STOPPED:
            return Discovered(is_held=True)
        manifest = Manifest(self.ledger, now.tenant_id, now.erasure_id)
        known = await manifest.known()
        trace = await self._trace(now.tenant_id, request, known)
        if now.round == 1 and await self._needs_approval(now, trace):
            return Discovered(is_held=True)
        found, rows = await self._locate(now, manifest, known, trace, await self._late(now, request, trace))
        await manifest.write(rows[PAGE:])
        again = await self._again(now, manifest, known) if now.round > 1 else 0
        async with self.ledger.write() as uow:
            await uow.tenants.lock(now.tenant_id)
            await settle(uow, now.tenant_id, rows, self.clock.now())
            if not await self._moved(uow, now, found, again, trace, began):
                return Discovered(is_held=True)
            stores = await self._planned(uow, now)
        drain = self.settings.drain_seconds
        return found.model_copy(update={"again": again, "drain_seconds": drain, "stores": stores})

    async def _begun(self, now: ErasureRound) -> ErasureRequest:
        """The request, which is being discovered from its first round on."""
        if now.round == 1:
            async with self.ledger.write() as uow:
                await enter(uow, now, ErasureState.DISCOVERING, self.clock.now())
                return await get_request(uow, now)
        async with self.ledger.read() as uow:
            return await get_request(uow, now)

    async def _planned(self, uow: UnitOfWork, now: ErasureRound) -> list[str]:
        """Stores that have something to take out; what each has was found is told from here on."""
        pending = [(store, PurgeState.PENDING) for store in self.stores]
        counts = await report(uow, now, pending, now.round, self.clock.now())
        return [name.value for name, states in counts.items() if states[ItemState.PLANNED]]

    async def _needs_approval(self, ref: ErasureRef, trace: Trace) -> bool:
        """Nothing is destroyed yet: more than anybody linked to the person is for a second principal to allow."""
        count = len(trace.documents) + len(trace.shared) + len(trace.unsure) + len(trace.questions)
        if count <= self.settings.approval_documents:
            return False
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            request = await get_request(uow, ref)
            if request.approved_by is not None:
                return False
            if request.state not in _STOPPED:
                check_move(request.state, ErasureState.AWAITING_APPROVAL)
                at = self.clock.now()
                waiting = replace(request, state=ErasureState.AWAITING_APPROVAL, needs_approval=True, updated_at=at)
                await uow.erasures.update(waiting)
        return True

    async def _trace(self, tenant_id: Id, request: ErasureRequest, known: Mapping[Item, ErasureItem]) -> Trace:
        wanted = await self.wanted(tenant_id, request)
        leads = Leads(versions=_reviewed(known, ItemState.PLANNED)).plus(await self.finder.find(tenant_id, wanted))
        cleared = _reviewed(known, ItemState.RELEASED)
        mentions = leads.mentions - cleared - leads.versions
        leads = replace(leads, mentions=mentions, unsure=leads.unsure - cleared - leads.versions - mentions)
        once_kept = [item.ref for item, row in known.items() if row.code in KEPT and item.kind is ItemKind.VERSION]
        return await Tracing(self.ledger).trace(tenant_id, wanted, leads, request.scope, once_kept)

    async def wanted(self, tenant_id: Id, request: ErasureRequest) -> Wanted:
        """Whom the request is about, opened; in memory only."""
        async with self.ledger.read() as uow:
            identifiers = await uow.erasures.identifiers(tenant_id, request.id)
        # Of a request that is certified, and was reopened, nothing is left but the ids of what it erased.
        keys = await self.keyring.get_many(tenant_id, [request.id])
        opened = tuple(
            SubjectMention(each.kind.value, unseal_text(key, Purpose.ERASURE_IDENTIFIER, each.sealed_identifier))
            for key in keys.values()
            for each in identifiers
        )
        principals = frozenset(each.value for each in opened if each.kind == PRINCIPAL and is_id(each.value))
        return Wanted(request.id, opened, principals if request.scope.is_whole else frozenset())

    async def _late(self, now: ErasureRound, request: ErasureRequest, trace: Trace) -> frozenset[Id]:
        """Questions asked since the last round began to look. They go, but nothing can have been made from them that
        another round would find: else whoever goes on asking keeps the erasure from its end.
        """
        if request.round_at is None or request.rounds != now.round - 1:
            return frozenset()
        async with self.ledger.read() as uow:
            return await uow.questions.asked_since(now.tenant_id, trace.questions, request.round_at)

    async def _locate(
        self,
        now: ErasureRound,
        manifest: Manifest,
        known: Mapping[Item, ErasureItem],
        trace: Trace,
        late: frozenset[Id],
    ) -> tuple[Discovered, list[ErasureItem]]:
        """What the stores have, and what of it the manifest does not say yet."""
        async with self.ledger.read() as uow:
            held = (await holds_in(uow, now.tenant_id)).others
        planned, kept = await let_go(self.ledger, now.tenant_id, known), list[tuple[Item, ItemState, str]]()
        for store in self.stores:
            located = await store.locate(now.tenant_id, trace)
            free, stays = keep_held(located, held)
            planned += [item for item in free if item not in known or known[item].state is ItemState.HELD]
            kept += [
                (each.item, ItemState.HELD, each.reason)
                for each in stays
                if each.item not in known or stays_otherwise(known[each.item], each.reason)
            ]
        kept += given_back(known, trace, planned)
        unsure = [Item(StoreName.DOCUMENTS, ItemKind.VERSION, ref) for ref in sorted(trace.unsure)]
        review = [(item, ItemState.IN_REVIEW, REVIEW) for item in unsure if item not in known]
        was_shared = {item for item, row in known.items() if row.code == SHARED}
        rows = [(item, ItemState.PLANNED, SHARED if item in was_shared else FOUND) for item in planned] + kept + review
        states = Counter(row.state for row in known.values())
        shared = sum(code == SHARED for _, _, code in kept)
        goes = {*planned, *(item for item, row in known.items() if row.state is ItemState.PLANNED)}
        is_late = sum(item.ref in late for item in goes)
        found = Discovered(
            found=len(goes) - is_late + shared,
            late=is_late,
            kept=sum(item not in known for item, _, _ in kept) + states[ItemState.HELD],
            is_shared=bool(shared) or any(_is_shared(row) for row in known.values()),
            in_review=len(review) + states[ItemState.IN_REVIEW],
        )
        return found, manifest.rows(rows, now.round, self.clock.now())

    async def _again(self, now: ErasureRound, manifest: Manifest, known: Mapping[Item, ErasureItem]) -> int:
        """What a store has of items that were erased: they are planned once more."""
        again = 0
        for store in self.stores:
            erased = [item for item, row in known.items() if row.state is ItemState.ERASED and item.store is store.name]
            for items in (erased[start : start + PAGE] for start in range(0, len(erased), PAGE)):
                if remaining := await store.remaining(now.tenant_id, items):
                    again += remaining
                    planned = [(item, ItemState.PLANNED, FOUND) for item in items]
                    await manifest.put(planned, now.round, self.clock.now())
        return again

    async def _moved(
        self, uow: UnitOfWork, now: ErasureRound, found: Discovered, again: int, trace: Trace, began: datetime
    ) -> bool:
        """On to what follows: a look by a person, the next deletion, or nothing, where a later round found nothing.

        What goes as a whole is hidden from this commit on, also while others wait for a look. False if it was held
        or cancelled meanwhile: it is discovered again after the release.
        """
        at = self.clock.now()
        is_over = now.round > 1 and not (found.found or found.late or again or found.in_review)
        request = await get_request(uow, now)
        if is_over and request.state is not ErasureState.DISCOVERING:
            return True
        if now.round > 1 and not is_over:
            await enter(uow, now, ErasureState.DISCOVERING, at)
            request = await get_request(uow, now)
        if request.state in {ErasureState.HELD, ErasureState.CANCELLED}:
            return False
        state = _after(found, is_over=is_over)
        check_move(request.state, state)
        whole = await uow.documents.get_many(now.tenant_id, trace.documents)
        # One that was restricted since is spared before anything is taken out.
        await hide(uow, now.tenant_id, set(whole) - await kept_of(uow, now.tenant_id, whole.values()), at)
        moved = replace(request, state=state, rounds=now.round, round_at=began, updated_at=at)
        if state is ErasureState.ERASING:
            moved = replace(moved, erasing_at=request.erasing_at or at, purging_at=None)
        await uow.erasures.update(replace(moved, discovered_at=request.discovered_at or at))
        return True


def _standing(request: ErasureRequest) -> Standing:
    return Standing(
        state=request.state.value,
        waits_for=_WAITS.get(request.state, ""),
        is_over=request.state in _OVER,
        round=request.rounds + 1 if request.state is ErasureState.REOPENED else 1,
        is_purged=request.state in _PURGED,
    )


def _after(found: Discovered, *, is_over: bool) -> ErasureState:
    if is_over:
        return ErasureState.DELETED
    return ErasureState.IN_REVIEW if found.in_review else ErasureState.ERASING


async def enter(uow: UnitOfWork, ref: ErasureRef, state: ErasureState, at: datetime) -> bool:
    """Move the request there, under the tenant's lock; False if it is held or waits for somebody: then it stays.

    Raises IllegalErasureMove.
    """
    await uow.tenants.lock(ref.tenant_id)
    request = await get_request(uow, ref)
    if request.state in _STOPPED:
        return False
    if request.state is not state:
        check_move(request.state, state)
        await uow.erasures.update(replace(request, state=state, updated_at=at))
    return True


async def get_request(uow: UnitOfWork, ref: ErasureRef) -> ErasureRequest:
    request = await uow.erasures.get(ref.tenant_id, ref.erasure_id)
    if request is None:
        raise ErasureNotFound
    return request


def _is_shared(row: ErasureItem) -> bool:
    return row.code == SHARED and row.state is ItemState.HELD


def _reviewed(known: Mapping[Item, ErasureItem], state: ItemState) -> frozenset[Id]:
    """Versions that were in review and are decided so."""
    return frozenset(item.ref for item, row in known.items() if row.code == REVIEW and row.state is state)
