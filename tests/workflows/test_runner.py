"""A worker process drains its queues together, and ends with an error when a part of it failed."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from lethe.settings import Settings
from workers.interceptors import HEARTBEATS_PER_TIMEOUT
from workers.runner import query_worker, run_until_stopped
from workflows.policies import TURN_HEARTBEAT

GRACE = 2.5


@activity.defn
async def endless(name: str) -> None:
    """Takes all the graceful time there is."""
    STARTED[name].set()
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        ENDED.append(name)
        raise


@workflow.defn
class Busy:
    """One activity on each queue, named after it."""

    @workflow.run
    async def run(self, queues: list[str]) -> None:
        limit = timedelta(hours=1)
        await asyncio.gather(
            *(
                workflow.execute_activity(endless, queue, task_queue=queue, start_to_close_timeout=limit)
                for queue in queues
            )
        )


STARTED: dict[str, asyncio.Event] = {}
ENDED: list[str] = []


@pytest.fixture(autouse=True)
async def _handlers() -> AsyncGenerator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(name)


def workers(client: Client, *queues: str) -> list[Worker]:
    grace = timedelta(seconds=GRACE)
    return [Worker(client, task_queue=queue, activities=[endless], graceful_shutdown_timeout=grace) for queue in queues]


async def test_a_background_job_that_fails_ends_the_process_with_its_error(client: Client) -> None:
    async def broken() -> None:
        raise RuntimeError("broken")

    async with asyncio.timeout(60):
        with pytest.raises(RuntimeError, match="broken"):
            await run_until_stopped(workers(client, "one"), [broken])


async def test_a_background_job_may_end(client: Client) -> None:
    ended = asyncio.Event()

    async def warm_up() -> None:
        ended.set()

    async def sweep() -> None:
        await asyncio.Event().wait()

    running = asyncio.create_task(run_until_stopped(workers(client, "one"), [warm_up, sweep]))
    await ended.wait()
    await asyncio.sleep(0.2)
    assert not running.done()
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(60):
        await running


async def test_queues_drain_together(client: Client) -> None:
    queues = ["one", "two", "three"]
    STARTED.update({queue: asyncio.Event() for queue in queues})
    async with Worker(client, task_queue="busy", workflows=[Busy], workflow_runner=UnsandboxedWorkflowRunner()):
        busy = await client.start_workflow(Busy.run, queues, id="busy", task_queue="busy")
        running = asyncio.create_task(run_until_stopped(workers(client, *queues)))
        async with asyncio.timeout(60):
            for queue in queues:
                await STARTED[queue].wait()
        started = time.monotonic()
        os.kill(os.getpid(), signal.SIGTERM)
        await running
        took = time.monotonic() - started
        await busy.terminate()
    assert sorted(ENDED) == sorted(queues)
    assert took < len(queues) * GRACE, "one after the other"


async def test_of_a_turns_beats_none_is_held_back(client: Client, sqlite_settings: Settings) -> None:
    """By itself the SDK holds one back for 0.8 of the timeout: two late ones would pass for a dead worker."""
    config = query_worker(client, sqlite_settings, [endless], []).config()
    beat = TURN_HEARTBEAT / HEARTBEATS_PER_TIMEOUT
    for name in ("max_heartbeat_throttle_interval", "default_heartbeat_throttle_interval"):
        held = config.get(name)
        assert isinstance(held, timedelta)
        assert held < beat
