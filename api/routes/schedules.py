"""What is done by the clock, and whether it is paused."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from api.dependencies import IdempotencyKey, ScheduleSourceId, ServicesDep, SourceId
from api.dispatching import start_again
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page, PageQuery
from api.schemas.sources import BackfillIn, ScheduledOut
from api.security import Admin, Writer
from lethe.errors import ScheduleNotFound
from lethe.model.ids import Id
from lethe.model.operations import DispatchKind

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


class _Done(BaseModel):
    """What was asked is done; how the schedule stands is read again."""


@dataclass(frozen=True)
class _Steering:
    """What every request shares that asks something of a source's schedule."""

    response: Response
    caller: Admin
    services: ServicesDep
    idempotency_key: IdempotencyKey = None

    async def ask(self, request: tuple[str, ...], perform: Callable[[], Awaitable[None]], status: int = 200) -> bool:
        """Do it once; whether it was done just now."""

        async def once() -> _Done:
            await perform()
            return _Done()

        attempt = Attempt(self.caller, self.idempotency_key, request, status)
        _, is_repeated = await self.services.idempotency.once(attempt, _Done, once)
        tell_replay(self.response, is_repeated=is_repeated)
        return not is_repeated

    async def pause(self, path: str, source_id: Id) -> ScheduledOut:
        pauses = self.services.pauses
        return await self._arranged(
            source_id, (path, "pause", source_id), partial(pauses.pause, self.caller, source_id)
        )

    async def resume(self, path: str, source_id: Id) -> ScheduledOut:
        pauses = self.services.pauses
        return await self._arranged(
            source_id, (path, "resume", source_id), partial(pauses.resume, self.caller, source_id)
        )

    async def _arranged(
        self, source_id: Id, request: tuple[str, ...], perform: Callable[[], Awaitable[None]]
    ) -> ScheduledOut:
        """Whoever is arranging the schedule just now looks at it once more."""
        is_new = await self.ask(request, perform)
        shown = await self.services.pauses.shown(self.caller, source_id)
        if is_new:
            await start_again(self.services, self.caller.tenant_id, DispatchKind.ARRANGE_SOURCE, source_id)
        return ScheduledOut.model_validate(shown)


Steering = Annotated[_Steering, Depends()]


@router.post("/v1/schedules/{schedule_id}/pause")
async def pause_schedule(steering: Steering, schedule_id: ScheduleSourceId) -> ScheduledOut:
    """Start nothing by it until it is resumed; what runs goes on. Repeating it changes nothing."""
    return await steering.pause("schedules", schedule_id)


@router.post("/v1/schedules/{schedule_id}/resume")
async def resume_schedule(steering: Steering, schedule_id: ScheduleSourceId) -> ScheduledOut:
    """Go on after a pause, whoever made it. Repeating it changes nothing."""
    return await steering.resume("schedules", schedule_id)


@router.post("/v1/sources/{source_id}/pause")
async def pause_source(steering: Steering, source_id: SourceId) -> ScheduledOut:
    """As `POST /v1/schedules/{id}/pause`, of the source's schedule."""
    return await steering.pause("sources", source_id)


@router.post("/v1/sources/{source_id}/resume")
async def resume_source(steering: Steering, source_id: SourceId) -> ScheduledOut:
    """As `POST /v1/schedules/{id}/resume`, of the source's schedule."""
    return await steering.resume("sources", source_id)


@router.post("/v1/sources/{source_id}/backfill", status_code=202)
async def backfill_source(wish: BackfillIn, steering: Steering, source_id: SourceId) -> ScheduledOut:
    """Make up for the runs of a time in which nothing ran, one after the other."""
    caller, services = steering.caller, steering.services
    await services.sources.get(caller, source_id)
    backfill = partial(services.schedules.backfill, caller.tenant_id, source_id, wish.start, wish.end)
    await steering.ask(("backfill", source_id, wish.model_dump_json()), backfill, 202)
    found = await services.schedules.of_sources(caller.tenant_id, [source_id])
    if not found:
        raise ScheduleNotFound
    return ScheduledOut.model_validate(found[0])
