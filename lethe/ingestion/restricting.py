"""Restriction of a document: kept, sealed, and served to nobody until it is released (GDPR, Article 18)."""

from dataclasses import dataclass, replace

from lethe.errors import DocumentNotFound
from lethe.ingestion.waiting import wake_waiting
from lethe.model.documents import Document
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.erasure.verifying import resume_held
from lethe.privacy.readmitting import readmit


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Of the caller's tenant; whoever calls has checked the right to restrict."""

    ledger: Ledger
    clock: Clock

    async def restrict(self, caller: Caller, document_id: Id, reason: str) -> Document:
        """From this commit on nobody reads it; one that is restricted keeps its first reason. DocumentNotFound."""
        async with self.ledger.write() as uow:
            document = await _locked(uow, caller.tenant_id, document_id)
            if document.restricted_at is not None:
                return document
            restricted = replace(document, restricted_at=self.clock.now(), restriction_reason=reason)
            await uow.tenants.advance(caller.tenant_id)
            await uow.documents.update(restricted)
            return restricted

    async def release(self, caller: Caller, document_id: Id) -> Document:
        """Its readers read it again, or who is erased in it goes at last. Raises DocumentNotFound."""
        async with self.ledger.write() as uow:
            document = await _locked(uow, caller.tenant_id, document_id, may_be_fenced=True)
            if document.restricted_at is None:
                return document
            released, now = replace(document, restricted_at=None, restriction_reason=None), self.clock.now()
            await uow.documents.update(released)
            await readmit(uow, caller.tenant_id, [document_id], now)
            await wake_waiting(uow, released, now)
            await resume_held(uow, caller.tenant_id, [released], now)
            return released


async def _locked(uow: UnitOfWork, tenant_id: Id, document_id: Id, *, may_be_fenced: bool = False) -> Document:
    await uow.tenants.lock(tenant_id)
    document = await uow.documents.get(tenant_id, document_id)
    if document is None or document.deleted_at is not None:
        raise DocumentNotFound
    if document.fenced_at is not None and not (may_be_fenced and document.restricted_at is not None):
        raise DocumentNotFound
    return document
