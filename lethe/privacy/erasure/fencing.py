"""The fence: one commit from which on nothing of the person is served, or newly kept."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from lethe.errors import ErasureNotFound, IllegalErasureMove
from lethe.model.audit_log import LeafKind
from lethe.model.documents import Document
from lethe.model.erasures import ErasureRequest, ErasureScope, ErasureState
from lethe.model.ids import Id
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.certificates.log import LogEntry, append_leaf, new_leaf


@dataclass(frozen=True, slots=True)
class Fencing:
    """Raises fences. A repeated one finds it standing."""

    ledger: Ledger
    clock: Clock

    async def fence(self, tenant_id: Id, erasure_id: Id) -> ErasureRequest:
        """Raises ErasureNotFound, IllegalErasureMove where it waits for an approval, is held or was cancelled."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            request = await uow.erasures.get(tenant_id, erasure_id)
            if request is None:
                raise ErasureNotFound
            if request.fenced_at is not None:
                return request
            return await fence_in(uow, request, self.clock.now())


async def fence_in(uow: UnitOfWork, request: ErasureRequest, at: datetime) -> ErasureRequest:
    """Raise the fence in a unit that holds the tenant's lock, as its last write. Raises IllegalErasureMove.

    Uploads that began before compare the raised epoch when they come to their second check. A document that somebody
    else is linked to stays: of it the gate drops the chunks that show the person.
    """
    if request.state is not ErasureState.RECEIVED:
        raise IllegalErasureMove(f"an erasure that is {request.state} is not fenced")
    tenant_id = request.tenant_id
    identifiers = await uow.erasures.identifiers(tenant_id, request.id)
    if request.scope.is_whole:
        tags = {each.tag for each in identifiers}
        fresh = tags - await uow.suppressions.found(tenant_id, tags)
        await uow.suppressions.put(tenant_id, fresh, at.date())
        await uow.erasures.set_tagged(tenant_id, request.id, fresh, at)
    subjects = await uow.subjects.by_blinds(tenant_id, {(each.kind.value, each.blind) for each in identifiers})
    await uow.erasures.set_subjects(tenant_id, request.id, subjects)
    linked = await linked_documents(uow, tenant_id, subjects, request.scope)
    await uow.tenants.advance(tenant_id)
    documents = await uow.documents.get_many(tenant_id, linked)
    await uow.documents.update_many(
        [_fenced(each, at) if linked[each.id] else replace(each, epoch=each.epoch + 1) for each in documents.values()]
    )
    fenced = replace(
        request, state=ErasureState.FENCED, accepted_at=at, fenced_at=at, updated_at=at, documents=len(linked)
    )
    await uow.erasures.update(fenced)
    await append_leaf(uow, new_leaf(LogEntry(LeafKind.ACCEPTED, tenant_id, request.id, at), b""))
    return fenced


async def hide(uow: UnitOfWork, tenant_id: Id, document_ids: Collection[Id], at: datetime) -> None:
    """What was found to go as a whole, as the fence hides it; in a unit that holds the tenant's lock."""
    found = await uow.documents.get_many(tenant_id, document_ids)
    shown = [each for each in found.values() if each.fenced_at is None and each.deleted_at is None]
    if shown:
        await uow.tenants.advance(tenant_id)
        await uow.documents.update_many([_fenced(each, at) for each in shown])


def _fenced(document: Document, at: datetime) -> Document:
    """Hidden. What its source sends from now on is another document: this one goes."""
    return replace(document, epoch=document.epoch + 1, source_hmac=None, fenced_at=document.fenced_at or at)


async def linked_documents(
    uow: UnitOfWork, tenant_id: Id, subjects: Collection[Id], scope: ErasureScope
) -> dict[Id, bool]:
    """Documents of the scope that the people are linked to, and whether nobody else is."""
    linked = await uow.subjects.documents_of(tenant_id, subjects)
    if scope.is_whole or not linked:
        return linked
    below = await uow.quarantines.below(tenant_id, linked, scope.prefix_hmacs)
    return {each: is_alone for each, is_alone in linked.items() if each in scope.document_ids or each in below}
