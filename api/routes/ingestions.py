"""Bulk ingestions: many documents as one durable piece of work."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.bulk_uploads import BrokenBodyError, IncomingMany, read_many
from api.dependencies import IdempotencyKey, IngestionId, ServicesDep
from api.dispatching import look, start_now
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.ingestions import (
    IngestionOptions,
    IngestionOut,
    IngestionReceipt,
    ItemOut,
    ItemQuery,
    Manifest,
    TakenOut,
    WindowIn,
)
from api.security import Reader, Writer
from api.services import Services
from lethe.errors import IdempotencyKeyReused, InvalidRequest, UploadTimeout
from lethe.ingestion.bulk.views import IngestionView
from lethe.model.ids import Id, derived_id
from lethe.model.ingestions import IngestionState
from lethe.model.operations import DispatchKind
from lethe.model.principals import Caller

router = APIRouter(prefix="/v1/ingestions", tags=["ingestions"])

_REFS: Final = "#/components/schemas/{model}"


def _body(model: type[BaseModel], form: type[BaseModel]) -> dict[str, Any]:
    fields = {name: {"type": "string"} for name in form.model_json_schema(ref_template=_REFS)["properties"]}
    files = {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}}
    archive = {"archive": {"type": "string", "format": "binary"}}
    return {
        "requestBody": {
            "required": True,
            "description": "A form: fields, then any number of `file`, or one `archive` (zip, tar, tar.gz); or JSON.",
            "content": {
                "multipart/form-data": {"schema": {"type": "object", "properties": {**fields, **files, **archive}}},
                "application/json": {"schema": model.model_json_schema(ref_template=_REFS)},
            },
        }
    }


class _Memo(BaseModel):
    """What a request did, and a digest of its documents."""

    ingestion_id: Id
    taken: list[TakenOut]
    content: str = ""


@router.post("", status_code=202, openapi_extra=_body(Manifest, Manifest))
async def start_ingestion(
    request: Request, response: Response, caller: Writer, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> IngestionReceipt:
    """Take many documents in; the work goes on after this answer. One that is refused refuses no other."""

    async def perform(incoming: IncomingMany, effect_id: Id) -> _Memo:
        said = incoming.options.model_dump(mode="json", exclude={"documents", "open", "window"})
        window = incoming.window or services.settings.bulk.window
        ingestion = await services.receiving.start(caller, window, said, derived_id(effect_id, 0))
        try:
            taken = await _take_all(services, caller, ingestion.id, incoming, effect_id, may_unpack=True)
        except BaseException:
            # What came before stays and is brought in. Under its key the request can be sent again, and goes on here.
            if idempotency_key is None:
                await services.ingestions.close(caller, ingestion.id)
            raise
        return _Memo(ingestion_id=ingestion.id, taken=taken)

    receipt = await _receive(services, caller, request, response, perform, ("ingestion", idempotency_key))
    response.headers["Location"] = f"{router.prefix}/{receipt.id}"
    return receipt


@router.post("/{ingestion_id}/documents", status_code=202, openapi_extra=_body(Manifest, IngestionOptions))
async def add_documents(
    request: Request,
    response: Response,
    caller: Writer,
    services: ServicesDep,
    ingestion_id: IngestionId,
    idempotency_key: IdempotencyKey = None,
) -> IngestionReceipt:
    """Send more documents to an ingestion that is open."""
    await services.ingestions.require_open(caller, ingestion_id)

    async def perform(incoming: IncomingMany, effect_id: Id) -> _Memo:
        taken = await _take_all(services, caller, ingestion_id, incoming, effect_id, may_unpack=False)
        return _Memo(ingestion_id=ingestion_id, taken=taken)

    return await _receive(services, caller, request, response, perform, (f"more:{ingestion_id}", idempotency_key))


@router.get("")
async def list_ingestions(
    caller: Reader, services: ServicesDep, query: Annotated[PageQuery, Query()]
) -> Page[IngestionOut]:
    """Newest first: an admin sees all, others their own."""
    after = await services.cursors.position(caller.tenant_id, "ingestions", query.cursor)
    views = await services.ingestions.page(caller, after, query.limit + 1)
    cursor = await services.cursors.behind(caller.tenant_id, "ingestions", views, query.limit)
    return Page(items=[IngestionOut.model_validate(view) for view in views[: query.limit]], next_cursor=cursor)


@router.get("/{ingestion_id}")
async def read_ingestion(caller: Reader, services: ServicesDep, ingestion_id: IngestionId) -> IngestionOut:
    """How far it is."""
    return IngestionOut.model_validate(await services.ingestions.get(caller, ingestion_id))


@router.get("/{ingestion_id}/documents")
async def list_items(
    caller: Reader, services: ServicesDep, ingestion_id: IngestionId, query: Annotated[ItemQuery, Query()]
) -> Page[ItemOut]:
    """Its documents that the caller may read, by position, of one status or of all; or those it refused."""
    listing, cursors = f"ingestion:{ingestion_id}:{query.status or ''}", services.cursors
    cursor = None
    if query.status == "refused":
        place = await cursors.position(caller.tenant_id, listing, query.cursor)
        refused = await services.ingestions.refused(caller, ingestion_id, place, query.limit)
        if refused.after is not None:
            cursor = await cursors.after(caller.tenant_id, listing, refused.after.created_at, refused.after.id)
        return Page(items=[ItemOut.model_validate(item) for item in refused.views], next_cursor=cursor)
    after = await cursors.number(caller.tenant_id, listing, query.cursor)
    page = await services.ingestions.items(caller, ingestion_id, query.status, after, query.limit)
    if page.after is not None:
        cursor = await cursors.at_number(caller.tenant_id, listing, page.after)
    return Page(items=[ItemOut.model_validate(item) for item in page.views], next_cursor=cursor)


@router.patch("/{ingestion_id}")
async def change_window(
    caller: Writer, services: ServicesDep, ingestion_id: IngestionId, change: WindowIn
) -> IngestionOut:
    """Set how many batches may run at once."""
    return await _told(services, caller, await services.ingestions.set_window(caller, ingestion_id, change.window))


@router.post("/{ingestion_id}/close")
async def close_ingestion(
    caller: Writer, services: ServicesDep, ingestion_id: IngestionId, idempotency_key: IdempotencyKey = None
) -> IngestionOut:
    """No more documents come. Repeating it changes nothing."""
    return await _told(services, caller, await services.ingestions.close(caller, ingestion_id))


@router.post("/{ingestion_id}/pause")
async def pause_ingestion(
    caller: Writer, services: ServicesDep, ingestion_id: IngestionId, idempotency_key: IdempotencyKey = None
) -> IngestionOut:
    """Start no more batches; those that run end. Repeating it changes nothing."""
    return await _set_state(services, caller, ingestion_id, IngestionState.PAUSED)


@router.post("/{ingestion_id}/resume")
async def resume_ingestion(
    caller: Writer, services: ServicesDep, ingestion_id: IngestionId, idempotency_key: IdempotencyKey = None
) -> IngestionOut:
    """Go on after a pause. Repeating it changes nothing."""
    return await _set_state(services, caller, ingestion_id, IngestionState.RUNNING)


@router.post("/{ingestion_id}/cancel")
async def cancel_ingestion(
    caller: Writer, services: ServicesDep, ingestion_id: IngestionId, idempotency_key: IdempotencyKey = None
) -> IngestionOut:
    """Stop, and remove what was not brought in; what is done stays. Repeating it changes nothing."""
    return await _set_state(services, caller, ingestion_id, IngestionState.CANCELLED)


async def _set_state(services: Services, caller: Caller, ingestion_id: Id, state: IngestionState) -> IngestionOut:
    return await _told(services, caller, await services.ingestions.set_state(caller, ingestion_id, state))


async def _told(services: Services, caller: Caller, changed: IngestionView) -> IngestionOut:
    """Tell the workflow of what the ledger says already: that is what it goes by, also when Temporal is away now."""
    await look(services, caller.tenant_id, changed.id)
    return IngestionOut.model_validate(changed)


async def _receive(
    services: Services,
    caller: Caller,
    request: Request,
    response: Response,
    perform: Callable[[IncomingMany, Id], Awaitable[_Memo]],
    attempt: tuple[str, str | None],
) -> IngestionReceipt:
    name, key = attempt
    clock = asyncio.timeout(services.settings.limits.upload_seconds)
    digested = await services.idempotency.content_digester(caller)
    try:
        async with clock:
            incoming = await read_many(request, is_new=name == "ingestion")

            async def once(effect_id: Id) -> _Memo:
                memo = await perform(incoming, effect_id)
                return memo.model_copy(update={"content": "" if key is None else digested(incoming.sha256)})

            sending = Attempt(caller, key, (name, incoming.canonical), 202, may_leave=True)
            memo, is_repeated = await services.idempotency.once_as(sending, _Memo, once)
            if is_repeated and memo.content != digested(await incoming.drain()):
                raise IdempotencyKeyReused("This Idempotency-Key was used with other documents.")
    except TimeoutError as error:
        if clock.expired():
            raise UploadTimeout from error
        raise
    if name == "ingestion" and not incoming.is_open:
        # Not before the effect is recorded: what is closed, a repetition could not go on with.
        await services.ingestions.close(caller, memo.ingestion_id)
    tell_replay(response, is_repeated=is_repeated)
    if name == "ingestion" and not is_repeated:
        await start_now(services, caller.tenant_id, DispatchKind.INGEST_BULK, memo.ingestion_id)
    else:
        await look(services, caller.tenant_id, memo.ingestion_id)
    view = IngestionOut.model_validate(await services.ingestions.get(caller, memo.ingestion_id))
    return IngestionReceipt(**view.model_dump(), taken=memo.taken)


async def _take_all(
    services: Services, caller: Caller, ingestion_id: Id, incoming: IncomingMany, effect_id: Id, *, may_unpack: bool
) -> list[TakenOut]:
    """What became of each document. The n-th is made under the effect's n-th id, by which a repetition meets it."""
    taken: list[TakenOut] = []
    number = 0
    try:
        async for part in incoming.parts():
            if part.is_archive:
                if not may_unpack:
                    raise InvalidRequest("One archive is taken, when an ingestion is started.")
                await services.receiving.keep_archive(caller, ingestion_id, part.data)
                may_unpack = False
                continue
            number += 1
            item_id = derived_id(effect_id, number)
            done = await services.receiving.take(caller, ingestion_id, part.request, part.data, item_id)
            taken.append(TakenOut.model_validate(done))
    except BrokenBodyError as broken:
        raise broken.cause from broken
    return taken
