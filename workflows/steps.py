"""Running one activity the way its queue asks for."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy

from workflows import policies
from workflows.policies import Queue

Self_ = TypeVar("Self_")
Input = TypeVar("Input")
Output = TypeVar("Output")

Step: TypeAlias = Callable[[Any, Input], Awaitable[Output]]
"""An activity, as a method of its class."""


async def run_step(
    method: Callable[[Self_, Input], Awaitable[Output]],
    value: Input,
    *,
    queue: Queue,
    summary: str,
    within: timedelta = policies.LONG,
    retry: RetryPolicy = policies.STEP_RETRY,
) -> Output:
    """Run an activity with a heartbeat, so that a dead worker is noticed in seconds whatever the timeout is.

    Cancelled, it waits until the activity has really ended: what follows may remove what the activity writes.
    """
    return await workflow.execute_activity_method(
        method,
        value,
        task_queue=queue,
        start_to_close_timeout=within,
        heartbeat_timeout=policies.HEARTBEAT,
        retry_policy=retry,
        cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        summary=summary,
    )
