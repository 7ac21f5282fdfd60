"""Quarantines: documents hidden from every read by one commit, and shown again by another."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.dependencies import IdempotencyKey, QuarantineId, ServicesDep
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page
from api.schemas.quarantines import QuarantineIn, QuarantineOut, QuarantineQuery
from api.security import Admin
from lethe.model.ids import Id, derived_id

router = APIRouter(prefix="/v1/quarantines", tags=["quarantines"])


@router.post("", status_code=201)
async def order_quarantine(
    wish: QuarantineIn, response: Response, caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> QuarantineOut:
    """Hide a document, a source, or an ingestion from every read, now; what comes later of it is hidden too."""

    async def perform(effect_id: Id) -> QuarantineOut:
        quarantines, ordered_id = services.quarantines, derived_id(effect_id, 0)
        ordered = await quarantines.find(caller, ordered_id)
        if ordered is None and wish.document_id is not None:
            ordered = await quarantines.hide_document(caller, wish.document_id, wish.reason, ordered_id)
        elif ordered is None and wish.ingestion_id is not None:
            ordered = await quarantines.hide_ingestion(caller, wish.ingestion_id, wish.reason, ordered_id)
        elif ordered is None:
            ordered = await quarantines.hide_sources(caller, wish.source_prefix or "", wish.reason, ordered_id)
        return QuarantineOut.model_validate(ordered)

    request = ("quarantines", wish.model_dump_json())
    attempt = Attempt(caller, idempotency_key, request, 201)
    ordered, is_repeated = await services.idempotency.once_as(attempt, QuarantineOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    return ordered


@router.get("")
async def list_quarantines(
    caller: Admin, services: ServicesDep, query: Annotated[QuarantineQuery, Query()]
) -> Page[QuarantineOut]:
    """The tenant's quarantines, newest first."""
    listing = f"quarantines:{query.in_force}"
    after = await services.cursors.position(caller.tenant_id, listing, query.cursor)
    views = await services.quarantines.page(caller, after, query.limit + 1, in_force=query.in_force)
    items = [QuarantineOut.model_validate(view) for view in views[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, listing, views, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.get("/{quarantine_id}")
async def read_quarantine(caller: Admin, services: ServicesDep, quarantine_id: QuarantineId) -> QuarantineOut:
    """One quarantine."""
    return QuarantineOut.model_validate(await services.quarantines.get(caller, quarantine_id))


@router.delete("/{quarantine_id}")
async def lift_quarantine(caller: Admin, services: ServicesDep, quarantine_id: QuarantineId) -> QuarantineOut:
    """Lift a quarantine: documents that no other one covers can be read again, now."""
    return QuarantineOut.model_validate(await services.quarantines.lift(caller, quarantine_id))
