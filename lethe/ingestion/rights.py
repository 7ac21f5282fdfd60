"""What a caller may see of documents, and so may change."""

from collections.abc import Collection, Sequence

from lethe.model.documents import Document, Status
from lethe.model.ids import Id
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import UnitOfWork


def may_read(caller: Caller, readers: Sequence[Id]) -> bool:
    """Whether the caller is among the readers; an admin manages every document of its tenant."""
    return caller.role is Role.ADMIN or not caller.readers.isdisjoint(readers)


async def reachable(uow: UnitOfWork, caller: Caller, document_ids: Collection[Id]) -> frozenset[Id]:
    """Those of the documents the caller may read now; what is in quarantine only an admin reaches."""
    readers = await uow.documents.readers(caller.tenant_id, document_ids)
    allowed = {document_id for document_id in document_ids if may_read(caller, readers.get(document_id, ()))}
    return frozenset(allowed - await hidden_from(uow, caller, document_ids))


async def hidden_from(uow: UnitOfWork, caller: Caller, document_ids: Collection[Id]) -> frozenset[Id]:
    """Those of the documents that a quarantine keeps from the caller."""
    if caller.role is Role.ADMIN:
        return frozenset()
    return await uow.quarantines.hidden(caller.tenant_id, document_ids)


async def is_withheld(uow: UnitOfWork, caller: Caller, document: Document) -> bool:
    """Whether a quarantine keeps the caller from bringing the document's next version.

    A document that no upload of came to its end holds nothing yet: the one that broke off may be sent again.
    """
    if not await hidden_from(uow, caller, [document.id]):
        return False
    versions = await uow.versions.of_document(caller.tenant_id, document.id)
    return any(version.status is not Status.RECEIVING for version in versions)
