"""Making versions anew of the stored bytes, where parser, chunker or redaction policy have changed since."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from api.dependencies import IdempotencyKey, ServicesDep
from api.dispatching import start_now
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.reindexing import ReindexIn, ReindexOut, reindex_out
from api.security import Admin
from lethe.errors import ReindexNotFound
from lethe.ingestion.reindex_orders import ReindexOrders
from lethe.model.ids import Id, derived_id, is_id
from lethe.model.operations import DispatchKind

router = APIRouter(prefix="/v1/reindex", tags=["reindex"])

_LISTING: Final = "reindexes"


@router.post("", status_code=202)
async def begin_reindex(
    wish: ReindexIn, response: Response, caller: Admin, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> ReindexOut:
    """Count what is affected, and make it anew if told so. The versions of before are served until the new ones are."""
    orders = ReindexOrders(services.ledger, services.clock)

    async def perform(effect_id: Id) -> ReindexOut:
        ordered_id = derived_id(effect_id, 0)
        return reindex_out(await orders.order(caller, ordered_id, wish.reasons or [], dry_run=wish.dry_run))

    attempt = Attempt(caller, idempotency_key, ("reindex", wish.model_dump_json()), 202)
    begun, is_repeated = await services.idempotency.once_as(attempt, ReindexOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    response.headers["Location"] = f"{router.prefix}/{begun.id}"
    if not is_repeated:
        await start_now(services, caller.tenant_id, DispatchKind.REINDEX_TENANT, begun.id)
    return reindex_out(await orders.get(caller, begun.id))


@router.get("")
async def list_reindexes(
    caller: Admin, services: ServicesDep, query: Annotated[PageQuery, Query()]
) -> Page[ReindexOut]:
    """The tenant's rounds, newest first."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    rounds = await ReindexOrders(services.ledger, services.clock).page(caller, after, query.limit + 1)
    items = [reindex_out(each) for each in rounds[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, rounds, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.get("/{reindex_id}")
async def read_reindex(caller: Admin, services: ServicesDep, reindex_id: Annotated[str, Path()]) -> ReindexOut:
    """One round and what it found."""
    if not is_id(reindex_id):
        raise ReindexNotFound
    return reindex_out(await ReindexOrders(services.ledger, services.clock).get(caller, reindex_id))
