"""Asking for an erasure, deciding on it, and reading how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from lethe.errors import ErasureNotFound, IdentifierTooWeak, IllegalErasureMove, SecondApproverNeeded
from lethe.model.audit_log import LeafKind
from lethe.model.erasures import (
    ErasureBasis,
    ErasureIdentifier,
    ErasureRequest,
    ErasureState,
    ErasureStore,
    IdentifierKind,
    check_move,
)
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, PageCursor, UnitOfWork
from lethe.privacy.certificates.body import requester_nonce
from lethe.privacy.certificates.log import LogEntry, append_leaf, new_leaf
from lethe.privacy.digests import blind_index, prefix_digest, suppression_tag
from lethe.privacy.erasure.cancelling import Cancelling
from lethe.privacy.erasure.fencing import fence_in, linked_documents
from lethe.privacy.erasure.users import names_an_admin
from lethe.privacy.erasure.verifying import resume_unheld
from lethe.privacy.holds import holds_in
from lethe.privacy.identifiers import is_common, is_telling, text_key
from lethe.privacy.sealing import Purpose, seal_text
from lethe.settings import ErasureSettings


@dataclass(frozen=True, slots=True)
class ErasureWish:
    """What is asked for; identifiers in clear, in memory only. Without documents and sources: the whole tenant."""

    identifiers: tuple[tuple[IdentifierKind, str], ...]
    basis: ErasureBasis
    reason: str
    document_ids: tuple[Id, ...] = ()
    source_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErasureView:
    """A request and what the stores said of it so far."""

    request: ErasureRequest
    stores: tuple[ErasureStore, ...]


@dataclass(frozen=True, slots=True)
class Erasures:
    """The erasures of the caller's tenant; whoever calls has checked the right to erase."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    settings: ErasureSettings

    async def begin(self, caller: Caller, wish: ErasureWish, erasure_id: Id) -> ErasureView:
        """Take the request in, and raise its fence in the same commit unless a second principal must approve.

        Repeated with the same id it is the same request. Raises IdentifierTooWeak, InvalidRequest; Forbidden and
        LastAdminKey as `names_an_admin` does.
        """
        tenant_id = caller.tenant_id
        is_doubtful = await names_an_admin(self.ledger, caller, wish.identifiers)
        is_doubtful |= any(is_common(kind.value, value) for kind, value in wish.identifiers)
        identifiers = await self._sealed(tenant_id, wish, erasure_id)
        request = await self._request(caller, wish, erasure_id)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            if known := await uow.erasures.get(tenant_id, erasure_id):
                return await _view(uow, known)
            blinds = {(each.kind.value, each.blind) for each in identifiers}
            subjects = await uow.subjects.by_blinds(tenant_id, blinds)
            documents = len(await linked_documents(uow, tenant_id, subjects, request.scope))
            needs_approval = is_doubtful or documents > self.settings.approval_documents
            state = ErasureState.AWAITING_APPROVAL if needs_approval else ErasureState.RECEIVED
            request = replace(request, state=state, documents=documents, needs_approval=needs_approval)
            await uow.erasures.add(request, identifiers)
            await uow.dispatches.add(_dispatch(request))
            if not needs_approval:
                request = await fence_in(uow, request, request.created_at)
            return await _view(uow, request)

    async def approve(self, caller: Caller, erasure_id: Id) -> ErasureView:
        """Let it go on: this commit raises the fence, unless it stands. SecondApproverNeeded, IllegalErasureMove."""
        async with self.ledger.write() as uow:
            request = await _locked(uow, caller.tenant_id, erasure_id)
            if request.approved_by == caller.principal_id:
                return await _view(uow, request)
            if request.state is not ErasureState.AWAITING_APPROVAL:
                raise IllegalErasureMove(f"an erasure that is {request.state} waits for no approval")
            if request.requested_by == caller.principal_id:
                raise SecondApproverNeeded
            at = self.clock.now()
            approved = replace(request, approved_by=caller.principal_id, held_from=None, updated_at=at)
            if request.fenced_at is None:
                fenced = await fence_in(uow, replace(approved, state=ErasureState.RECEIVED), at)
                return await _view(uow, fenced)
            approved = replace(approved, state=ErasureState.FENCED)
            await uow.erasures.update(approved)
            return await _view(uow, approved)

    async def hold(self, caller: Caller, erasure_id: Id, reason: str) -> ErasureView:
        """Nothing more is destroyed until it is released; what is hidden stays hidden. Raises IllegalErasureMove."""
        async with self.ledger.write() as uow:
            request = await _locked(uow, caller.tenant_id, erasure_id)
            if request.state is ErasureState.HELD:
                return await _view(uow, request)
            check_move(request.state, ErasureState.HELD)
            at = self.clock.now()
            held = replace(request, state=ErasureState.HELD, held_from=request.state, hold_reason=reason, updated_at=at)
            await uow.erasures.update(held)
            await _log(uow, held, LeafKind.HELD)
            return await _view(uow, held)

    async def release(self, caller: Caller, erasure_id: Id) -> ErasureView:
        """Go on where the hold found it; so do others that had to leave what it kept. Raises IllegalErasureMove."""
        async with self.ledger.write() as uow:
            request = await _locked(uow, caller.tenant_id, erasure_id)
            if request.state is not ErasureState.HELD or request.held_from is None:
                raise IllegalErasureMove(f"an erasure that is {request.state} is not held")
            at = self.clock.now()
            released = replace(request, state=request.held_from, held_from=None, hold_reason="", updated_at=at)
            held = await holds_in(uow, caller.tenant_id)
            await uow.erasures.update(released)
            await resume_unheld(uow, caller.tenant_id, held, at)
            # As the last write: the log is one for all.
            await _log(uow, released, LeafKind.RELEASED)
            return await _view(uow, released)

    async def cancel(self, caller: Caller, erasure_id: Id) -> ErasureView:
        """Give it up, and show what it hid; see `Cancelling`. Raises ErasureNotFound, ErasureFenced."""
        request = await Cancelling(self.ledger, self.keyring, self.clock).cancel(caller.tenant_id, erasure_id)
        async with self.ledger.read() as uow:
            return await _view(uow, request)

    async def get(self, caller: Caller, erasure_id: Id) -> ErasureView:
        """Raises ErasureNotFound."""
        async with self.ledger.read() as uow:
            request = await uow.erasures.get(caller.tenant_id, erasure_id)
            if request is None:
                raise ErasureNotFound
            return await _view(uow, request)

    async def nonce(self, caller: Caller, erasure_id: Id) -> str:
        """Under which the certificate commits to the identifiers; empty once it is forgotten here."""
        keys = await self.keyring.get_many(caller.tenant_id, [erasure_id])
        return "".join(requester_nonce(key).hex() for key in keys.values())

    async def page(
        self, caller: Caller, states: Sequence[ErasureState], after: PageCursor | None, limit: int
    ) -> list[ErasureView]:
        """Newest first."""
        async with self.ledger.read() as uow:
            requests = await uow.erasures.page(caller.tenant_id, states, after, limit)
            return [await _view(uow, request) for request in requests]

    async def _sealed(self, tenant_id: Id, wish: ErasureWish, erasure_id: Id) -> list[ErasureIdentifier]:
        blind_key = await self.keyring.secret(tenant_id, SecretPurpose.BLIND)
        tag_key = await self.keyring.secret(tenant_id, SecretPurpose.SUPPRESSION)
        if not all(is_telling(kind.value, value) for kind, value in wish.identifiers):
            raise IdentifierTooWeak
        key = await self.keyring.create(tenant_id, erasure_id)
        return [
            ErasureIdentifier(
                tenant_id,
                erasure_id,
                kind,
                blind_index(blind_key, kind.value, value),
                suppression_tag(tag_key, kind.value, text_key(kind.value, value)),
                seal_text(key, Purpose.ERASURE_IDENTIFIER, value),
            )
            for kind, value in wish.identifiers
        ]

    async def _request(self, caller: Caller, wish: ErasureWish, erasure_id: Id) -> ErasureRequest:
        now = self.clock.now()
        digest_key = await self.keyring.secret(caller.tenant_id, SecretPurpose.DIGEST)
        return ErasureRequest(
            tenant_id=caller.tenant_id,
            id=erasure_id,
            state=ErasureState.RECEIVED,
            basis=wish.basis,
            reason=wish.reason,
            document_ids=wish.document_ids,
            prefix_hmacs=tuple(prefix_digest(digest_key, prefix) for prefix in wish.source_prefixes),
            requested_by=caller.principal_id,
            created_at=now,
            updated_at=now,
            deadline_at=now + timedelta(days=self.settings.deadline_days),
        )


async def _locked(uow: UnitOfWork, tenant_id: Id, erasure_id: Id) -> ErasureRequest:
    await uow.tenants.lock(tenant_id)
    request = await uow.erasures.get(tenant_id, erasure_id)
    if request is None:
        raise ErasureNotFound
    return request


async def _view(uow: UnitOfWork, request: ErasureRequest) -> ErasureView:
    return ErasureView(request, tuple(await uow.erasures.stores(request.tenant_id, request.id)))


async def _log(uow: UnitOfWork, request: ErasureRequest, kind: LeafKind) -> None:
    """A request may be held and released more than once: the leaf's number is the second it happened in."""
    number = int(request.updated_at.timestamp())
    await append_leaf(uow, new_leaf(LogEntry(kind, request.tenant_id, request.id, request.updated_at, number), b""))


def _dispatch(request: ErasureRequest) -> Dispatch:
    kind = DispatchKind.ERASE_SUBJECT
    return Dispatch(
        request.tenant_id, dispatch_id(kind, request.tenant_id, request.id), kind, request.id, request.created_at
    )
