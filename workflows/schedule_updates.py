"""Changing a schedule that others change as well.

The SDK's own update overwrites what came between its look and its write. Given the token of what was seen, the server
drops an update of what is so no more, without a word: so each has a mark of its own, and it is looked again for that.
"""

import asyncio
import dataclasses
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio.api.common.v1 import Payload
from temporalio.api.workflowservice.v1 import UpdateScheduleRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleState,
)

from lethe.errors import WorkflowsUnavailable

RPC_TIMEOUT: Final = timedelta(seconds=5)
_TRIES: Final = 10
_PAUSE_SECONDS: Final = 0.1
_DEFINITION: Final = "definition"
_MARK: Final = "mark"
"""Memos of what it starts: by the first a schedule is told from one that says otherwise, by the second an update that
was made from one that was dropped."""


async def put_schedule(
    client: Client, schedule_id: str, wanted: Schedule, state_of: Callable[[ScheduleState], ScheduleState]
) -> None:
    """Have a schedule as wanted, in the state that is to be made of the one it is in. Nothing is written if it is so.

    What it starts, when, and by which policy is put right also where somebody changed that in Temporal itself. A cron
    expression is not shown again as it was written, so where there is one it is written each time.

    Raises RPCError; WorkflowsUnavailable where others change it all the time.
    """
    definition = _sign(wanted)
    try:
        new = dataclasses.replace(wanted, state=state_of(wanted.state))
        await client.create_schedule(schedule_id, new, rpc_timeout=RPC_TIMEOUT)
    except ScheduleAlreadyRunningError:
        await _Change(client, schedule_id, wanted, definition, state_of).make()


@dataclass
class _Change:
    client: Client
    schedule_id: str
    wanted: Schedule
    definition: str
    state_of: Callable[[ScheduleState], ScheduleState]
    mark: str = ""

    async def make(self) -> None:
        for number in range(_TRIES):
            there = await self._look()
            if await self._is_so(there):
                return
            await self._update(there)
            await asyncio.sleep(_PAUSE_SECONDS * number)
        if not await self._is_so(await self._look()):
            raise WorkflowsUnavailable

    async def _look(self) -> ScheduleDescription:
        return await self.client.get_schedule_handle(self.schedule_id).describe(rpc_timeout=RPC_TIMEOUT)

    async def _is_so(self, there: ScheduleDescription) -> bool:
        found = there.schedule
        if found.state != self.state_of(found.state):
            return False
        if self.mark and await self._memo(found, _MARK) == self.mark:
            return True
        is_meant = await self._memo(found, _DEFINITION) == self.definition
        # Temporal shows no jitter where it is 0.
        spec = dataclasses.replace(self.wanted.spec, jitter=self.wanted.spec.jitter or None)
        return is_meant and (found.spec, found.policy) == (spec, self.wanted.policy)

    async def _update(self, seen: ScheduleDescription) -> None:
        """Only if it is as it was seen."""
        self.mark = str(uuid.uuid4())
        _start_of(self.wanted).memo = {_DEFINITION: self.definition, _MARK: self.mark}
        changed = dataclasses.replace(self.wanted, state=self.state_of(seen.schedule.state))
        request = UpdateScheduleRequest(
            namespace=self.client.namespace,
            schedule_id=seen.id,
            schedule=await changed._to_proto(self.client),  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            conflict_token=seen.raw_description.conflict_token,
            identity=self.client.identity,
            request_id=self.mark,
        )
        await self.client.workflow_service.update_schedule(request, retry=True, timeout=RPC_TIMEOUT)

    async def _memo(self, schedule: Schedule, name: str) -> str:
        payload = (_start_of(schedule).memo or {}).get(name)
        if not isinstance(payload, Payload):
            return ""
        (value,) = await self.client.data_converter.decode([payload], [str])
        return value


def _sign(schedule: Schedule) -> str:
    """Name what it does and when in a memo of what it starts; returns that name."""
    action = _start_of(schedule)
    definition = hashlib.sha256(repr((action, schedule.spec, schedule.policy)).encode()).hexdigest()[:16]
    action.memo = {_DEFINITION: definition}
    return definition


def _start_of(schedule: Schedule) -> ScheduleActionStartWorkflow:
    assert isinstance(schedule.action, ScheduleActionStartWorkflow)  # noqa: S101 - we make no others
    return schedule.action
