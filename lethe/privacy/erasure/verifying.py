"""The verification as a step of an erasure: what it finds reopens the request, before its certificate and after it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.contracts.erasure import CertifiedPage, ErasureRef, Rechecked, RecheckRun, Verified
from lethe.model.audit_log import LeafKind
from lethe.model.documents import Document
from lethe.model.erasures import ErasureItem, ErasureRequest, ErasureState, ItemState, check_move
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.personal_data import ItemKind, StoreName
from lethe.model.retention import Holds
from lethe.model.workflow_ids import erasure_workflow_id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, PageCursor, UnitOfWork
from lethe.privacy.certificates.log import LogEntry, append_leaf, new_leaf
from lethe.privacy.erasure.discovery import enter, get_request
from lethe.privacy.erasure.fencing import hide
from lethe.privacy.erasure.manifest import Manifest
from lethe.privacy.erasure.stores.documents import RESTRICTED, UNRESTRICTED
from lethe.privacy.holds import holds_in, kept_of
from lethe.privacy.verification.findings import Findings, build_hash
from lethe.privacy.verification.verifier import Verifier
from lethe.telemetry import ERASURE_HITS, ERASURES_REOPENED

_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Verifying:
    """May be repeated."""

    ledger: Ledger
    clock: Clock
    verifier: Verifier

    async def verify(self, ref: ErasureRef) -> Verified:
        """Whether the purged request is fulfilled. Nothing is certified on a hit: everything is done once more."""
        async with self.ledger.write() as uow:
            request = await get_request(uow, ref)
            if request.state is ErasureState.REOPENED:
                return Verified(hits=1)
            if not await enter(uow, ref, ErasureState.VERIFYING, self.clock.now()):
                return Verified(is_held=True)
        found = await self.verifier.verify(request, await self._manifest(ref))
        at = self.clock.now()
        async with self.ledger.write() as uow:
            if not await enter(uow, ref, ErasureState.VERIFYING, at):
                return Verified(is_held=True)
            request = await get_request(uow, ref)
            if found.hits:
                check_move(request.state, ErasureState.REFUSED)
                await _reopen(uow, replace(request, state=ErasureState.REFUSED), at)
            else:
                await uow.erasures.update(replace(request, verified_at=at, updated_at=at))
        _tell(found, "verification")
        return Verified(
            hits=found.hits.total(),
            probes=found.probes,
            scans=found.scans,
            controls=found.controls,
            verifier=build_hash(),
        )

    async def check_again(self, ref: ErasureRef) -> Rechecked:
        """Whether what a certified request erased is still nowhere; by random ids alone, since nothing else is left."""
        async with self.ledger.read() as uow:
            request = await get_request(uow, ref)
        if request.state is not ErasureState.CERTIFIED:
            return Rechecked(is_open=True)
        found = await self.verifier.verify_ids(ref.tenant_id, await self._manifest(ref))
        if not found.hits:
            return Rechecked()
        at = self.clock.now()
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            request = await get_request(uow, ref)
            if request.state is not ErasureState.CERTIFIED:
                return Rechecked(is_open=True)
            await _resume(uow, request, at)
        _tell(found, "certificate")
        return Rechecked(is_open=True, hits=found.hits.total())

    async def certified(self, run: RecheckRun) -> CertifiedPage:
        """The next certified requests, tenant after tenant; one that is certified meanwhile has looks of its own."""
        after = run.after
        async with self.ledger.read() as uow:
            every = [run.tenant_id] if run.tenant_id else sorted(tenant.id for tenant in await uow.tenants.list())
            for tenant_id in every:
                if after is not None and tenant_id < after.tenant_id:
                    continue
                last = await uow.erasures.get(tenant_id, after.erasure_id) if after else None
                cursor = PageCursor(last.created_at, last.id) if last and last.tenant_id == tenant_id else None
                page = await uow.erasures.page(tenant_id, [ErasureState.CERTIFIED], cursor, _PAGE)
                if page:
                    found = [ErasureRef(tenant_id=tenant_id, erasure_id=each.id) for each in page]
                    return CertifiedPage(requests=found, after=found[-1])
        return CertifiedPage(requests=[], after=None)

    async def check_all(self) -> int:
        """Every certified request of every tenant: after a start, which may follow a restore, migration or resync.

        Returns how many were reopened.
        """
        reopened, run = 0, RecheckRun()
        while True:
            page = await self.certified(run)
            for ref in page.requests:
                reopened += bool((await self.check_again(ref)).hits)
            if page.after is None:
                return reopened
            run = RecheckRun(after=page.after)

    async def _manifest(self, ref: ErasureRef) -> list[ErasureItem]:
        manifest = Manifest(self.ledger, ref.tenant_id, ref.erasure_id)
        return list((await manifest.known()).values())


async def resume_held(uow: UnitOfWork, tenant_id: Id, documents: Collection[Document], at: datetime) -> None:
    """Requests that had to leave the documents go on, now that these are released or deleted, unless something else
    keeps them. What they would have taken as a whole is hidden from here on, as if they had.

    Of certified ones another certificate follows. In a unit that holds the tenant's lock, late: nobody else appends to
    the log until it ends.
    """
    await _go_on(uow, tenant_id, documents, (), at)


async def resume_unheld(uow: UnitOfWork, tenant_id: Id, held: Holds, at: datetime) -> None:
    """As `resume_held`, for what a hold kept which has just ended."""
    still = await holds_in(uow, tenant_id)
    documents = await uow.documents.get_many(tenant_id, held.documents - still.documents)
    await _go_on(uow, tenant_id, documents.values(), held.others - still.others, at)


async def _go_on(
    uow: UnitOfWork, tenant_id: Id, documents: Collection[Document], others: Collection[Id], at: datetime
) -> None:
    kept = await kept_of(uow, tenant_id, documents)
    free = {each.id: each for each in documents if each.id not in kept}
    own = await uow.versions.of_documents(tenant_id, free)
    freed = {version.id for versions in own.values() for version in versions}.union(free, others)
    resumed = list[ErasureRequest]()
    for erasure_id in await uow.erasures.holding(tenant_id, RESTRICTED, freed):
        request = await uow.erasures.get(tenant_id, erasure_id)
        held = await uow.erasures.held(tenant_id, erasure_id, RESTRICTED)
        theirs = [replace(each, code=UNRESTRICTED, updated_at=at) for each in held if each.ref in freed]
        await hide(uow, tenant_id, _whole(free, theirs), at)
        if request is not None and request.state is ErasureState.CERTIFIED:
            resumed.append(request)
        elif request is not None:
            await uow.erasures.put_items(theirs)
    await _hide_planned(uow, tenant_id, {each.id for each in free.values() if each.deleted_at is None}, at)
    for request in resumed:
        await _resume(uow, request, at)


def _whole(documents: Mapping[Id, Document], held: Collection[ErasureItem]) -> list[Id]:
    """Those that the request would have taken whole, with what is served of them now."""
    versions = {None, *(each.ref for each in held if each.kind == ItemKind.VERSION)}
    whole = {each.ref for each in held if each.kind == ItemKind.DOCUMENT}
    return [each for each in sorted(whole) if each in documents and documents[each].live_version_id in versions]


async def _hide_planned(uow: UnitOfWork, tenant_id: Id, document_ids: Collection[Id], at: datetime) -> None:
    """What is found to go as a whole, but could not be hidden when it was found."""
    for request in await uow.erasures.unfinished(tenant_id) if document_ids else ():
        planned = await uow.erasures.refs(
            tenant_id, request.id, StoreName.DOCUMENTS.value, ItemKind.DOCUMENT.value, ItemState.PLANNED
        )
        await hide(uow, tenant_id, set(planned) & set(document_ids), at)


async def resume_freed(uow: UnitOfWork, request: ErasureRequest, at: datetime) -> None:
    """One that is certified in this unit, if what it had to leave was released after its last round; once for each.

    As the last write of a unit that holds the tenant's lock.
    """
    if freed := await uow.erasures.held(request.tenant_id, request.id, UNRESTRICTED):
        await uow.erasures.put_items([replace(each, code=RESTRICTED, updated_at=at) for each in freed])
        await _resume(uow, request, at)


async def _resume(uow: UnitOfWork, request: ErasureRequest, at: datetime) -> None:
    """A certified request is open again, and its workflow starts again."""
    tenant_id, kind = request.tenant_id, DispatchKind.ERASE_SUBJECT
    workflow_id = erasure_workflow_id(tenant_id, request.id)
    await uow.dispatches.renew(Dispatch(tenant_id, workflow_id, kind, request.id, at, again=True))
    await _reopen(uow, replace(request, rounds_before=request.rounds + 1), at)


async def _reopen(uow: UnitOfWork, request: ErasureRequest, at: datetime) -> None:
    """As the last write of a unit that holds the tenant's lock. Builds from before it count no more."""
    check_move(request.state, ErasureState.REOPENED)
    reopened = replace(
        request,
        state=ErasureState.REOPENED,
        rounds=request.rounds + 1,
        purging_at=None,
        purged_at=None,
        verified_at=None,
        ended_at=None,
        updated_at=at,
    )
    await uow.erasures.update(reopened)
    entry = LogEntry(LeafKind.REOPENED, request.tenant_id, request.id, at, reopened.rounds)
    await append_leaf(uow, new_leaf(entry, b""))


def _tell(found: Findings, after: str) -> None:
    for store, hits in found.hits.items():
        ERASURE_HITS.labels(store.value).inc(hits)
    if found.hits:
        ERASURES_REOPENED.labels(after).inc()
