"""Documents: upload, list, read, change, delete."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import ChunkId, DocumentId, IdempotencyKey, ServicesDep
from api.dispatching import start_dispatched
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.documents import (
    ChunkOut,
    DocumentFields,
    DocumentOut,
    DocumentPatch,
    DocumentQuery,
    NeighboursOut,
    NeighboursQuery,
    ReceiptOut,
    TextUpload,
)
from api.security import Reader, Writer
from api.services import Services
from api.uploads import Hashed, Incoming, read_upload
from lethe.errors import IdempotencyKeyReused, UploadTimeout
from lethe.ingestion.requests import Expiry, MetadataPatch, Receipt
from lethe.model.ids import Id
from lethe.model.principals import Caller

router = APIRouter(prefix="/v1/documents", tags=["documents"])

_FORM_SCHEMA: Final[dict[str, Any]] = DocumentFields.model_json_schema(ref_template="#/components/schemas/{model}")
_UPLOAD_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A form whose fields (metadata, readers, subjects as JSON text) before its `file`; or JSON.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        **{name: {"type": "string"} for name in _FORM_SCHEMA["properties"]},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            },
            "application/json": {"schema": TextUpload.model_json_schema(ref_template="#/components/schemas/{model}")},
        },
    }
}


class _UploadMemo(ReceiptOut):
    """What an upload did, and a digest of its bytes, so that other bytes under the same key are noticed."""

    content: str = ""


@router.post("", status_code=202, openapi_extra=_UPLOAD_BODY)
async def upload_document(
    request: Request, response: Response, caller: Writer, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> ReceiptOut:
    """Take a document in; the work goes on after this answer, and `GET` tells how far it is."""
    clock = asyncio.timeout(services.settings.limits.upload_seconds)
    try:
        async with clock:
            incoming = await read_upload(request)
            memo, is_repeated = await _receive_once(services, caller, incoming, idempotency_key)
    except TimeoutError as error:
        if clock.expired():
            raise UploadTimeout from error
        raise
    if not is_repeated:
        await start_dispatched(services, caller.tenant_id, memo)
    tell_replay(response, is_repeated=is_repeated)
    response.headers["Location"] = f"{router.prefix}/{memo.document_id}"
    return ReceiptOut.model_validate(memo)


async def _receive_once(
    services: Services, caller: Caller, incoming: Incoming, key: str | None
) -> tuple[_UploadMemo, bool]:
    data = Hashed(incoming.data)
    # Fetched before there is an effect: after it, nothing may fail before the effect is recorded.
    digested = await services.idempotency.content_digester(caller)

    async def receive(document_id: Id) -> _UploadMemo:
        passing: AsyncIterator[bytes] = incoming.data if key is None else data.pass_on()
        receipt = await services.uploads.receive(caller, incoming.request, passing, document_id=document_id)
        content = "" if key is None else digested(data.sha256)
        return _UploadMemo(**_receipt(receipt).model_dump(), content=content)

    attempt = Attempt(
        caller=caller,
        key=key,
        request=("upload", incoming.canonical),
        status=202,
    )
    memo, is_repeated = await services.idempotency.once_as(attempt, _UploadMemo, receive)
    if is_repeated and memo.content != digested(await data.drain()):
        raise IdempotencyKeyReused("This Idempotency-Key was used with another file.")
    return memo, is_repeated


@router.get("")
async def list_documents(
    caller: Reader, services: ServicesDep, query: Annotated[DocumentQuery, Query()]
) -> Page[DocumentOut]:
    """Documents the caller may read, newest first."""
    listing = f"documents:{query.status or ''}"
    after = await services.cursors.position(caller.tenant_id, listing, query.cursor)
    page = await services.documents.page(caller, query.status, after, query.limit)
    cursor = None
    if page.after is not None:
        cursor = await services.cursors.after(caller.tenant_id, listing, page.after.created_at, page.after.id)
    return Page(items=[DocumentOut.model_validate(view) for view in page.views], next_cursor=cursor)


@router.get("/{document_id}")
async def read_document(caller: Reader, services: ServicesDep, document_id: DocumentId) -> DocumentOut:
    """One document, its status, and the cause if it failed."""
    return DocumentOut.model_validate(await services.documents.get(caller, document_id))


@router.get("/{document_id}/chunks")
async def list_chunks(
    caller: Reader, services: ServicesDep, document_id: DocumentId, query: Annotated[PageQuery, Query()]
) -> Page[ChunkOut]:
    """The chunks of the version that is served, in order."""
    listing = f"chunks:{document_id}"
    start = await services.cursors.number(caller.tenant_id, listing, query.cursor)
    page = await services.documents.chunks(caller, document_id, start, query.limit)
    cursor = None
    if page.after is not None:
        cursor = await services.cursors.at_number(caller.tenant_id, listing, page.after)
    return Page(items=[ChunkOut.model_validate(view) for view in page.views], next_cursor=cursor)


@router.get("/{document_id}/chunks/{chunk_id}")
async def read_chunk(
    caller: Reader,
    services: ServicesDep,
    document_id: DocumentId,
    chunk_id: ChunkId,
    query: Annotated[NeighboursQuery, Query()],
) -> NeighboursOut:
    """A chunk of the version that is served, and its neighbours."""
    found = await services.documents.neighbours(caller, document_id, chunk_id, query.before, query.after)
    return NeighboursOut.model_validate(found)


@router.patch("/{document_id}")
async def change_document(
    caller: Writer, services: ServicesDep, document_id: DocumentId, change: DocumentPatch
) -> ReceiptOut:
    """Change title, metadata, readers, classification or expiry in place; rights count from the next question on."""
    patch = MetadataPatch(
        title=change.title,
        metadata=change.metadata,
        readers=None if change.readers is None else tuple(change.readers),
        classification=change.classification,
    )
    expiry = Expiry(change.expires_at) if "expires_at" in change.model_fields_set else None
    receipt = _receipt(await services.documents.patch(caller, document_id, patch, expiry))
    await start_dispatched(services, caller.tenant_id, receipt)
    return receipt


@router.delete("/{document_id}", status_code=202)
async def delete_document(caller: Writer, services: ServicesDep, document_id: DocumentId) -> ReceiptOut:
    """Make the document unreachable now, and remove it from every store."""
    receipt = _receipt(await services.documents.delete(caller, document_id))
    await start_dispatched(services, caller.tenant_id, receipt)
    return receipt


def _receipt(receipt: Receipt) -> ReceiptOut:
    return ReceiptOut(
        document_id=receipt.document_id,
        version_id=receipt.version_id,
        workflow_id=receipt.workflow_id or None,
        status=receipt.status,
        outcome=receipt.outcome,
    )
