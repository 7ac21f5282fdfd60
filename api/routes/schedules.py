"""What is done by the clock, and whether it is paused."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from api.dependencies import IdempotencyKey, ScheduleSourceId, ServicesDep, SourceId
from api.dispatching import start_again
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.sources import BackfillIn, ScheduledOut
from api.security import Admin, Writer
from api.services import Services
from lethe.errors import ScheduleNotFound
from lethe.model.operations import DispatchKind
from lethe.model.principals import Caller
from lethe.model.schedules import ScheduleView

router = APIRouter(tags=["schedules"])

_LISTING: Final = "schedules"


@router.get("/v1/schedules")
async def list_schedules(
    caller: Writer, services: ServicesDep, query: Annotated[PageQuery, Query()]
) -> Page[ScheduledOut]:
    """Schedules of the tenant's sources, newest source first; on the first page also the installation's own."""
    after = await services.cursors.position(caller.tenant_id, _LISTING, query.cursor)
    found = await services.sources.page(caller, after, query.limit + 1)
    shown = [view.source for view in found[: query.limit]]
    own = [] if after else await services.schedules.of_installation()
    timed = [source.id for source in shown if source.timing is not None]
    views = [*own, *await services.schedules.of_sources(caller.tenant_id, timed)]
    cursor = await services.cursors.behind(caller.tenant_id, _LISTING, [view.source for view in found], query.limit)
    return Page(items=[ScheduledOut.model_validate(view) for view in views], next_cursor=cursor)


@router.post("/v1/schedules/{schedule_id}/pause")
async def pause_schedule(
    caller: Admin, services: ServicesDep, schedule_id: ScheduleSourceId, idempotency_key: IdempotencyKey = None
) -> ScheduledOut:
    """Start nothing by it until it is resumed; what runs goes on. Repeating it changes nothing."""
    return await _told(services, caller, await services.pauses.pause(caller, schedule_id))


@router.post("/v1/schedules/{schedule_id}/resume")
async def resume_schedule(
    caller: Admin, services: ServicesDep, schedule_id: ScheduleSourceId, idempotency_key: IdempotencyKey = None
) -> ScheduledOut:
    """Go on after a pause, whoever made it. Repeating it changes nothing."""
    return await _told(services, caller, await services.pauses.resume(caller, schedule_id))


@router.post("/v1/sources/{source_id}/pause")
async def pause_source(
    caller: Admin, services: ServicesDep, source_id: SourceId, idempotency_key: IdempotencyKey = None
) -> ScheduledOut:
    """As `POST /v1/schedules/{id}/pause`, of the source's schedule."""
    return await _told(services, caller, await services.pauses.pause(caller, source_id))


@router.post("/v1/sources/{source_id}/resume")
async def resume_source(
    caller: Admin, services: ServicesDep, source_id: SourceId, idempotency_key: IdempotencyKey = None
) -> ScheduledOut:
    """As `POST /v1/schedules/{id}/resume`, of the source's schedule."""
    return await _told(services, caller, await services.pauses.resume(caller, source_id))


@router.post("/v1/sources/{source_id}/backfill", status_code=202)
async def backfill_source(
    wish: BackfillIn,
    response: Response,
    caller: Admin,
    services: ServicesDep,
    source_id: SourceId,
    idempotency_key: IdempotencyKey = None,
) -> ScheduledOut:
    """Make up for the runs of a time in which nothing ran, one after the other."""
    await services.sources.get(caller, source_id)

    async def perform() -> ScheduledOut:
        await services.schedules.backfill(caller.tenant_id, source_id, wish.start, wish.end)
        found = await services.schedules.of_sources(caller.tenant_id, [source_id])
        if not found:
            raise ScheduleNotFound
        return ScheduledOut.model_validate(found[0])

    attempt = Attempt(caller, idempotency_key, ("backfill", source_id, wish.model_dump_json()), 202)
    made, is_repeated = await services.idempotency.once(attempt, ScheduledOut, perform)
    tell_replay(response, is_repeated=is_repeated)
    return made


async def _told(services: Services, caller: Caller, said: ScheduleView) -> ScheduledOut:
    """Whoever is arranging the schedule just now looks at it once more."""
    await start_again(services, caller.tenant_id, DispatchKind.ARRANGE_SOURCE, said.id)
    return ScheduledOut.model_validate(said)
