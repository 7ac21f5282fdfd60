"""Rounds of a source: ordered, looked at, answered."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from api.dependencies import IdempotencyKey, ServicesDep, SourceId, SyncId
from api.dispatching import start_again
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.sources import EventsOut, ResolveIn, SyncIn, SyncOut
from api.security import Admin, Writer
from api.source_events import keys_of
from lethe.model.ids import Id, derived_id
from lethe.model.operations import DispatchKind

router = APIRouter(prefix="/v1/sources", tags=["sources"])


@router.post("/{source_id}/sync", status_code=202)
async def sync_source(
    response: Response,
    caller: Writer,
    services: ServicesDep,
    source_id: SourceId,
    wish: SyncIn | None = None,
    idempotency_key: IdempotencyKey = None,
) -> SyncOut:
    """A round at once; where one is under way, as soon as that has ended."""
    is_dry_run = wish is not None and wish.dry_run

    async def perform(effect_id: Id) -> SyncOut:
        ordered = await services.rounds.order(
            caller, source_id, is_dry_run=is_dry_run, sync_id=derived_id(effect_id, 0)
        )
        return SyncOut.model_validate(ordered)

    attempt = Attempt(caller, idempotency_key, ("sync", source_id, str(is_dry_run)), 202)
    ordered, is_repeated = await services.idempotency.once_as(attempt, SyncOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    if is_repeated:
        return SyncOut.model_validate(await services.rounds.get(caller, source_id, ordered.id))
    await start_again(services, caller.tenant_id, DispatchKind.SYNC_SOURCE, source_id)
    return ordered


@router.get("/{source_id}/syncs")
async def list_syncs(
    caller: Writer, services: ServicesDep, source_id: SourceId, query: Annotated[PageQuery, Query()]
) -> Page[SyncOut]:
    """A source's rounds, newest first."""
    listing = f"syncs:{source_id}"
    after = await services.cursors.position(caller.tenant_id, listing, query.cursor)
    found = await services.rounds.page(caller, source_id, after, query.limit + 1)
    items = [SyncOut.model_validate(each) for each in found[: query.limit]]
    cursor = await services.cursors.behind(caller.tenant_id, listing, found, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.get("/{source_id}/syncs/{sync_id}")
async def get_sync(caller: Writer, services: ServicesDep, source_id: SourceId, sync_id: SyncId) -> SyncOut:
    """A round."""
    return SyncOut.model_validate(await services.rounds.get(caller, source_id, sync_id))


@router.post("/{source_id}/syncs/{sync_id}/resolve", status_code=202)
async def resolve_sync(
    wish: ResolveIn,
    response: Response,
    caller: Admin,
    services: ServicesDep,
    source_id: SourceId,
    sync_id: SyncId,
    idempotency_key: IdempotencyKey = None,
) -> SyncOut:
    """Say what becomes of the documents that the listing lacked. Repeating it changes nothing."""

    async def perform() -> SyncOut:
        return SyncOut.model_validate(await services.rounds.decide(caller, source_id, sync_id, wish.action))

    attempt = Attempt(caller, idempotency_key, ("resolve", source_id, sync_id, wish.action.value), 202)
    decided, is_repeated = await services.idempotency.once(attempt, SyncOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    if is_repeated:
        return SyncOut.model_validate(await services.rounds.get(caller, source_id, sync_id))
    await start_again(services, caller.tenant_id, DispatchKind.SYNC_SOURCE, source_id)
    return decided


@router.post("/{source_id}/events", status_code=202)
async def take_events(
    response: Response,
    caller: Writer,
    services: ServicesDep,
    source_id: SourceId,
    body: Annotated[dict[str, object], Body()],
    idempotency_key: IdempotencyKey = None,
) -> EventsOut:
    """A notification as S3 or Cloud Storage sends it: the objects it names are looked at at once, and nothing else.

    Sent twice it has the effect of once: what counts is what the store has now.
    """
    keys = keys_of(body)
    if not keys:
        return EventsOut(keys=0, sync_id=None)

    async def perform() -> EventsOut:
        sync = await services.rounds.notify(caller, source_id, keys)
        return EventsOut(keys=len(keys), sync_id=sync.id)

    attempt = Attempt(caller, idempotency_key, ("events", source_id, *keys), 202)
    told, is_repeated = await services.idempotency.once(attempt, EventsOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    if not is_repeated:
        await start_again(services, caller.tenant_id, DispatchKind.SYNC_SOURCE, source_id)
    return told
