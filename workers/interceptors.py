"""Around every activity: failures by code only, their causes kept, a heartbeat, metrics, failpoints."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from activities.heartbeats import BEATS, Beats
from lethe.contracts.ingestion import EmbedBatch, VersionRef
from lethe.errors import LetheError, Place
from lethe.ingestion.failures import FailureJournal
from lethe.telemetry import ACTIVITY_DURATION, ERRORS, QUEUE_WAIT
from workers.failpoints import Failpoint

logger = logging.getLogger("lethe.activity")

HEARTBEATS_PER_TIMEOUT = 4
PAID = frozenset({"generate_by_model"})
"""Activities that pay for what they do before they can fail: only a worker's death may repeat them."""


@dataclass(frozen=True)
class ActivityGuard(Interceptor):
    """Wraps every activity of a worker. ``journal`` is None in a worker that ingests nothing."""

    failpoint: Failpoint
    journal: FailureJournal | None = None

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Guarded(next, self)


class _Guarded(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, guard: ActivityGuard) -> None:
        super().__init__(following)
        self._guard = guard

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        name = info.activity_type
        QUEUE_WAIT.labels(info.task_queue).observe(
            max(0.0, (info.started_time - info.current_attempt_scheduled_time).total_seconds())
        )
        started = time.perf_counter()
        self._guard.failpoint.reach(f"{name}:before")
        try:
            async with _heartbeat(info):
                result = await super().execute_activity(input)
        except (asyncio.CancelledError, CancelledError):
            raise
        except Exception as error:  # noqa: BLE001  (everything an activity raises is told by its code)
            await self._note(name, input, error, info.attempt)
            _tell(error, info.attempt, is_paid=name in PAID)
        finally:
            ACTIVITY_DURATION.labels(name).observe(time.perf_counter() - started)
        self._guard.failpoint.reach(f"{name}:after")
        return result

    async def _note(self, step: str, value: ExecuteActivityInput, error: Exception, attempt: int) -> None:
        argument = value.args[0] if value.args else None
        ref = _version_of(argument)
        code = error.code if isinstance(error, LetheError) else LetheError.code
        ERRORS.labels(code).inc()
        told = {"step": step, "workflow": activity.info().workflow_id, "count": attempt}
        logger.warning("activity failed", extra={**told, "code": code})
        if self._guard.journal is None or ref is None:
            return
        try:
            await self._guard.journal.note(ref, step, error, attempt, _place_of(argument))
        except LetheError as second:
            # The ledger itself may be what fails; the code still reaches the workflow, which opens the dead letter.
            logger.warning("cause not kept", extra={**told, "code": second.code})


def _version_of(value: object) -> VersionRef | None:
    if isinstance(value, VersionRef):
        return value
    return value.version if isinstance(value, EmbedBatch) else None


def _place_of(value: object) -> Place | None:
    """What part of its version an activity was asked to work on."""
    return Place(first_chunk=value.start, last_chunk=value.stop - 1) if isinstance(value, EmbedBatch) else None


def _tell(error: Exception, attempt: int, *, is_paid: bool) -> NoReturn:
    """Only the code crosses: no message, no cause, no stack, because a history is not erased with the document."""
    if isinstance(error, LetheError):
        is_final = is_paid or (not error.retryable() and attempt >= error.tries)
        wait = None if error.asked_delay is None else timedelta(seconds=error.asked_delay)
        raise ApplicationError(error.code, type=error.code, non_retryable=is_final, next_retry_delay=wait) from None
    if isinstance(error, ApplicationError):
        raise error
    raise ApplicationError(LetheError.code, type=LetheError.code, non_retryable=is_paid) from None


@contextlib.asynccontextmanager
async def _heartbeat(info: activity.Info) -> AsyncGenerator[None]:
    """Beat while the activity runs, so that its worker's death is noticed long before its own timeout."""
    if info.heartbeat_timeout is None or info.is_local:
        yield
        return
    beats = Beats()
    BEATS.set(beats)
    beating = asyncio.create_task(_beat(beats, info.heartbeat_timeout.total_seconds() / HEARTBEATS_PER_TIMEOUT))
    try:
        yield
    finally:
        beating.cancel()


async def _beat(beats: Beats, seconds: float) -> None:
    while True:
        activity.heartbeat(*(() if beats.finished is None else (beats.finished,)))
        await asyncio.sleep(seconds)
