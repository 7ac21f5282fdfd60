"""The schedules of sources, one each. A pause is what the ledger says of it, or an operator in Temporal."""

import asyncio
import dataclasses
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleBackfill,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleInfo,
    ScheduleIntervalSpec,
    ScheduleListDescription,
    ScheduleListInfo,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
)
from temporalio.service import RPCError, RPCStatusCode

from lethe.contracts.sync import SourceRef
from lethe.errors import ScheduleNotFound, WorkflowsUnavailable
from lethe.model.ids import Id, is_id
from lethe.model.schedules import ScheduleView, Timing
from lethe.model.workflow_ids import SYNC_ON_SCHEDULE, SYNC_SCHEDULE, schedule_id, scheduled_sync_id
from workflows import policies
from workflows.attributes import started
from workflows.policies import Queue
from workflows.schedule_updates import RPC_TIMEOUT, put_schedule
from workflows.sync_schedules import SyncOnSchedule

PAUSED_BY: Final = "paused by "
RESUMED_BY: Final = "resumed by "
OPERATOR: Final = "operator"
"""Who paused it in Temporal itself."""


@dataclass(frozen=True, slots=True)
class SourceSchedules:
    """lethe.ports.schedules.Schedules. ``client`` raises WorkflowsUnavailable while there is none."""

    client: Callable[[], Client]

    async def ensure(self, tenant_id: Id, source_id: Id, timing: Timing, paused_by: Id | None) -> None:
        client, wanted = self.client(), _schedule(tenant_id, source_id, timing)
        own_id = schedule_id(tenant_id, source_id)
        try:
            await put_schedule(client, own_id, wanted, lambda current: _state(current, paused_by))
        except RPCError as error:
            raise WorkflowsUnavailable from error

    async def remove(self, tenant_id: Id, source_id: Id) -> None:
        try:
            await self._handle(tenant_id, source_id).delete(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise WorkflowsUnavailable from error

    async def of_sources(self, tenant_id: Id, source_ids: Sequence[Id]) -> list[ScheduleView]:
        found = await asyncio.gather(*(self._view(tenant_id, source_id) for source_id in source_ids))
        return [view for view in found if view is not None]

    async def of_installation(self) -> list[ScheduleView]:
        try:
            listed = [each async for each in await self.client().list_schedules(rpc_timeout=RPC_TIMEOUT)]
        except RPCError as error:
            raise WorkflowsUnavailable from error
        own = [each for each in listed if not each.id.startswith(f"{SYNC_SCHEDULE}/")]
        return sorted((_listed(each) for each in own), key=lambda view: view.id)

    async def resume(self, tenant_id: Id, source_id: Id, by: Id) -> None:
        handle = self._handle(tenant_id, source_id)
        with _found():
            await handle.unpause(note=f"{RESUMED_BY}{by}", rpc_timeout=RPC_TIMEOUT)

    async def backfill(self, tenant_id: Id, source_id: Id, start: datetime, end: datetime) -> None:
        handle = self._handle(tenant_id, source_id)
        wanted = ScheduleBackfill(start_at=start, end_at=end, overlap=ScheduleOverlapPolicy.BUFFER_ALL)
        with _found():
            await handle.backfill(wanted, rpc_timeout=RPC_TIMEOUT)

    def _handle(self, tenant_id: Id, source_id: Id) -> ScheduleHandle:
        return self.client().get_schedule_handle(schedule_id(tenant_id, source_id))

    async def _view(self, tenant_id: Id, source_id: Id) -> ScheduleView | None:
        try:
            return _described(source_id, await self._handle(tenant_id, source_id).describe(rpc_timeout=RPC_TIMEOUT))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise WorkflowsUnavailable from error


@contextmanager
def _found() -> Generator[None]:
    """Raises ScheduleNotFound, WorkflowsUnavailable."""
    try:
        yield
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise ScheduleNotFound from error
        raise WorkflowsUnavailable from error


def _schedule(tenant_id: Id, source_id: Id, timing: Timing) -> Schedule:
    intervals = [ScheduleIntervalSpec(every=timedelta(seconds=timing.every_seconds))] if timing.every_seconds else []
    return Schedule(
        action=ScheduleActionStartWorkflow(
            SyncOnSchedule.run,
            SourceRef(tenant_id=tenant_id, source_id=source_id),
            id=scheduled_sync_id(tenant_id, source_id),
            task_queue=Queue.CONTROL,
            typed_search_attributes=started(tenant_id, SYNC_ON_SCHEDULE, source_id),
            static_summary=f"{SYNC_ON_SCHEDULE} {source_id}",
            priority=policies.priority(tenant_id, policies.BACKGROUND_PRIORITY),
        ),
        spec=ScheduleSpec(
            intervals=intervals,
            cron_expressions=[timing.cron] if timing.cron else [],
            jitter=timedelta(seconds=timing.jitter_seconds),
        ),
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(seconds=timing.catch_up_seconds)
        ),
    )


def _state(current: ScheduleState, paused_by: Id | None) -> ScheduleState:
    if current.paused and _paused_by(current.note or "") == OPERATOR:
        return current
    if paused_by is not None:
        return dataclasses.replace(current, paused=True, note=f"{PAUSED_BY}{paused_by}")
    return dataclasses.replace(current, paused=False, note=None) if current.paused else current


def _described(source_id: Id, description: ScheduleDescription) -> ScheduleView:
    state, info = description.schedule.state, description.info
    return ScheduleView(
        id=source_id,
        what=SYNC_SCHEDULE,
        source_id=source_id,
        next_run_at=_next(info, is_paused=state.paused),
        last_run_at=_last(info),
        is_paused=state.paused,
        paused_by=_paused_by(state.note or "") if state.paused else None,
        note=state.note or "",
        is_running=bool(info.running_actions),
    )


def _listed(listed: ScheduleListDescription) -> ScheduleView:
    state = listed.schedule.state if listed.schedule else None
    is_paused, note = (state.paused, state.note or "") if state else (False, "")
    return ScheduleView(
        id=listed.id,
        what=listed.id,
        source_id=None,
        next_run_at=_next(listed.info, is_paused=is_paused) if listed.info else None,
        last_run_at=_last(listed.info) if listed.info else None,
        is_paused=is_paused,
        paused_by=_paused_by(note) if is_paused else None,
        note=note,
        is_running=False,
    )


def _next(info: ScheduleInfo | ScheduleListInfo, *, is_paused: bool) -> datetime | None:
    """Temporal names the times also while it will start nothing at them."""
    return None if is_paused else next(iter(info.next_action_times), None)


def _last(info: ScheduleInfo | ScheduleListInfo) -> datetime | None:
    started_at = [each.started_at for each in info.recent_actions if _is_start(each.action)]
    return max(started_at, default=None)


def _is_start(action: object) -> bool:
    return isinstance(action, ScheduleActionExecutionStartWorkflow)


def _paused_by(note: str) -> str:
    who = note.removeprefix(PAUSED_BY)
    return who if who != note and is_id(who) else OPERATOR
