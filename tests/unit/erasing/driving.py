"""The workflow of an erasure, as it is, outside of Temporal: it stops before each step until it is let go on."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from temporalio.workflow import ParentClosePolicy

from activities.privacy import PrivacyActivities
from lethe.adapters.fakes.clock import FakeClock
from lethe.contracts.erasure import ErasureRef, ErasureRun
from workflows import erasure
from workflows.erasure import EraseSubject

TIMER = "timer"
NEWS = "news"


@dataclass(eq=False)
class Stop:
    """Where the workflow waits. ``name``: of the activity, or that it is a timer or a wait for news."""

    name: str
    go: Callable[[], Coroutine[Any, Any, object]]
    done: "asyncio.Future[object]"
    is_ready: Callable[[], bool] = lambda: True


class Drive:
    """One request. ``steps``: how many activities ran."""

    def __init__(self, activities: Callable[[], PrivacyActivities], ref: ErasureRef, clock: FakeClock) -> None:
        self.activities = activities
        self.ref = ref
        self.clock = clock
        self.stops: list[Stop] = []
        self.steps = 0
        self.drained = 0
        context = copy_context()
        context.run(_current.set, self)
        self.task = asyncio.get_running_loop().create_task(self._run(), context=context)
        self.workflow: EraseSubject | None = None

    async def _run(self) -> None:
        run = ErasureRun(**self.ref.model_dump())
        while True:
            self.workflow = EraseSubject(run)
            try:
                await self.workflow.run(run)
            except _ContinuedError as error:
                run = error.run
            else:
                return

    @property
    def is_over(self) -> bool:
        return self.task.done()

    @property
    def stop(self) -> Stop | None:
        """The first that may go on, of those it waits at."""
        return next((each for each in self.stops if each.is_ready()), self.stops[0] if self.stops else None)

    async def reached(self) -> Stop | None:
        """Where it waits now; None if it has ended. What happens between two stops is not slow."""
        while self.stop is None and not self.task.done():
            await asyncio.sleep(0)
        if self.task.done():
            self.task.result()
        return self.stop

    async def step(self, times: int = 1) -> str:
        """Let it go on by one step, which is done so often. Returns the step's name; "" if there is no news yet."""
        stop = await self.reached()
        if stop is None or not stop.is_ready():
            return ""
        if stop.name in {TIMER, NEWS}:
            result = await stop.go()
        else:
            self.steps += 1
            result = await stop.go()
            for _ in range(times - 1):
                result = await stop.go()
        self.stops.remove(stop)
        stop.done.set_result(result)
        await self.reached()
        return stop.name

    def tell(self) -> None:
        """The signal that there is news."""
        assert self.workflow
        self.workflow.look()

    async def wait(self, stop: Stop) -> Any:
        self.stops.append(stop)
        return await stop.done


_current: ContextVar[Drive] = ContextVar("drive")


class _ContinuedError(Exception):
    def __init__(self, run: ErasureRun) -> None:
        self.run = run


class _Outside:
    """What the workflow asks of temporalio.workflow."""

    ParentClosePolicy = ParentClosePolicy

    async def sleep(self, duration: timedelta, *, summary: str) -> None:
        drive = _current.get()

        async def go() -> None:
            drive.clock.advance(duration)
            drive.drained += "writer" in summary

        await drive.wait(Stop(TIMER, go, asyncio.get_running_loop().create_future()))

    async def wait_condition(self, condition: Callable[[], bool], *, timeout: timedelta | None) -> None:
        drive, is_late = _current.get(), False

        async def go() -> None:
            nonlocal is_late
            is_late = not condition()
            if is_late and timeout:
                drive.clock.advance(timeout)

        ready = (lambda: True) if timeout else condition
        await drive.wait(Stop(NEWS, go, asyncio.get_running_loop().create_future(), ready))
        if is_late:
            raise TimeoutError

    def continue_as_new(self, run: ErasureRun) -> NoReturn:
        raise _ContinuedError(run)

    def upsert_search_attributes(self, attributes: object) -> None:
        """Nobody looks."""

    async def start_child_workflow(self, run: object, value: object, **options: object) -> None:
        """Nobody looks again."""

    def set_current_details(self, details: str) -> None:
        """Nobody looks."""


async def _run_step(method: Callable[[Any, Any], Coroutine[Any, Any, Any]], value: object, **options: object) -> Any:
    drive = _current.get()
    stop = Stop(
        method.__name__,
        lambda: method(drive.activities(), value),
        asyncio.get_running_loop().create_future(),
    )
    return await drive.wait(stop)


@pytest.fixture
def outside_temporal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of `EraseSubject`; the way from one step to the next is its own code."""
    monkeypatch.setattr(erasure, "workflow", _Outside())
    monkeypatch.setattr(erasure, "run_step", _run_step)
