"""The status a document shows: that of its newest submission that still exists."""

from dataclasses import replace
from datetime import datetime

from lethe.model.documents import Document, Status
from lethe.ports.ledger import UnitOfWork


async def show_newest(uow: UnitOfWork, document: Document, at: datetime) -> Document:
    """Set the document's status from its versions, as they are now; needs the tenant's lock.

    An upload that is still received does not count while there is another: it may break off.
    """
    if document.deleted_at is not None:
        return document
    versions = await uow.versions.of_document(document.tenant_id, document.id)
    settled = [version for version in versions if version.status is not Status.RECEIVING]
    if not versions:
        return document
    newest = (settled or versions)[-1]
    shown = replace(document, status=newest.status, updated_at=at)
    await uow.documents.update(shown)
    return shown
