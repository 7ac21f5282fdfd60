"""Restriction of a document: kept, and shown to nobody."""

from fastapi import APIRouter

from api.dependencies import DocumentId, ServicesDep
from api.schemas.erasures import RestrictionIn, RestrictionOut
from api.security import Officer
from lethe.model.documents import Document

router = APIRouter(prefix="/v1/documents/{document_id}/restriction", tags=["documents"])


@router.post("")
async def restrict_document(
    caller: Officer, services: ServicesDep, document_id: DocumentId, wish: RestrictionIn
) -> RestrictionOut:
    """Keep the document, and serve nothing of it from now on."""
    return _out(await services.restrictions.restrict(caller, document_id, wish.reason))


@router.delete("")
async def release_document(caller: Officer, services: ServicesDep, document_id: DocumentId) -> RestrictionOut:
    """End the restriction: whoever may read the document reads it again."""
    return _out(await services.restrictions.release(caller, document_id))


def _out(document: Document) -> RestrictionOut:
    return RestrictionOut(
        document_id=document.id, restricted_at=document.restricted_at, reason=document.restriction_reason
    )
