"""Changing a schedule that others change as well.

The SDK's own update overwrites what came between its look and its write. Given the token of what was seen, the server
drops an update of what is so no more, without a word: so it is looked again.
"""

import asyncio
import dataclasses
import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Final

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
"""The memo by which a schedule is told from one that says otherwise."""


async def put_schedule(
    client: Client, schedule_id: str, wanted: Schedule, state_of: Callable[[ScheduleState], ScheduleState]
) -> None:
    """Have a schedule as wanted, in the state that is to be made of the one it is in. Nothing is written if it is so.

    Raises RPCError; WorkflowsUnavailable where others change it all the time.
    """
    definition = _sign(wanted)
    try:
        new = dataclasses.replace(wanted, state=state_of(wanted.state))
        await client.create_schedule(schedule_id, new, rpc_timeout=RPC_TIMEOUT)
    except ScheduleAlreadyRunningError:
        await _change(client, schedule_id, wanted, definition, state_of)


async def _change(
    client: Client,
    schedule_id: str,
    wanted: Schedule,
    definition: str,
    state_of: Callable[[ScheduleState], ScheduleState],
) -> None:
    handle = client.get_schedule_handle(schedule_id)
    for number in range(_TRIES):
        there = await handle.describe(rpc_timeout=RPC_TIMEOUT)
        state = state_of(there.schedule.state)
        if _signature(there.schedule) == json.dumps(definition).encode() and there.schedule.state == state:
            return
        await _update(client, there, dataclasses.replace(wanted, state=state))
        await asyncio.sleep(_PAUSE_SECONDS * number)
    raise WorkflowsUnavailable


async def _update(client: Client, seen: ScheduleDescription, wanted: Schedule) -> None:
    """Only if it is as it was seen."""
    request = UpdateScheduleRequest(
        namespace=client.namespace,
        schedule_id=seen.id,
        schedule=await wanted._to_proto(client),  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        conflict_token=seen.raw_description.conflict_token,
        identity=client.identity,
        request_id=str(uuid.uuid4()),
    )
    await client.workflow_service.update_schedule(request, retry=True, timeout=RPC_TIMEOUT)


def _sign(schedule: Schedule) -> str:
    """Name what it does and when in a memo of what it starts; returns that name."""
    action = _start_of(schedule)
    definition = hashlib.sha256(repr((action, schedule.spec, schedule.policy)).encode()).hexdigest()[:16]
    action.memo = {_DEFINITION: definition}
    return definition


def _signature(schedule: Schedule) -> bytes:
    return getattr((_start_of(schedule).memo or {}).get(_DEFINITION), "data", b"")


def _start_of(schedule: Schedule) -> ScheduleActionStartWorkflow:
    assert isinstance(schedule.action, ScheduleActionStartWorkflow)  # noqa: S101 - we make no others
    return schedule.action
