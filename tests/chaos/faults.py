"""Carrying out a plan of faults, and writing down what was under way at each kill."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.book import Book
from tests.chaos.children import Child
from tests.chaos.gauge import Gauge
from tests.chaos.installation import Installation
from tests.chaos.plan import Fault, Step
from tests.servers.proxy import Link


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill and the work in flight at that moment: versions on their way, removals, changing requests."""

    at: float
    component: str
    children: tuple[str, ...]
    work: int


@dataclass(slots=True)
class Saboteur:
    """Hurts an installation step by step."""

    installation: Installation
    book: Book
    gauge: Gauge
    rng: random.Random
    say: Callable[[str], None]
    kills: list[Kill] = field(default_factory=list[Kill])
    others: Counter[str] = field(default_factory=Counter[str])
    _mending: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def run(self, steps: Sequence[Step], deadline: float) -> None:
        """Until the plan is done or the time is up; then everything is mended."""
        for step in steps:
            await asyncio.sleep(step.pause)
            if time.monotonic() > deadline:
                break
            if step.fault is Fault.KILL:
                await self._kill(step)
            elif step.fault is Fault.STORM:
                await self._storm(step)
            else:
                self._cut(step)
        await asyncio.gather(*self._mending)

    async def _kill(self, step: Step) -> None:
        children = self._children(step.target)
        for child in children:
            await child.ready()
        work = await self.gauge.now() + self.book.writing
        for child in children:
            child.kill()
        at = round(time.monotonic() - self.book.started, 1)
        self.kills.append(Kill(at, step.target, tuple(child.name for child in children), work))
        self.say(f"{at:6.1f} s  kill {len(self.kills)}: {step.target}, {work} in flight")
        self._mend(self._start(children, step.seconds))

    def _children(self, target: str) -> list[Child]:
        installation = self.installation
        if target == "worker":
            return [self.rng.choice(installation.workers)]
        if target == "sql" and "postgres" not in installation.children:
            # SQLite runs inside whoever uses it: all of them die at once.
            return [installation.children["api"], *installation.workers]
        return [installation.children["postgres" if target == "sql" else target]]

    def _cut(self, step: Step) -> None:
        self.others[f"{step.fault} {step.target}"] += 1
        links = [link for name, link in self.installation.links.items() if name.startswith(step.target)]
        if not links:
            self._mend(self.installation.databases.hold(step.seconds))
            return
        for link in links:
            if step.fault is Fault.SEVER:
                link.sever()
            elif step.fault is Fault.HANG:
                link.hang()
                self._mend(self._open(link, step.seconds))
            else:
                link.refuse()
                self._mend(self._open(link, step.seconds))

    async def _storm(self, step: Step) -> None:
        self.others[f"storm {step.detail}"] += 1
        await self.installation.misbehave(step.detail)
        self._mend(self._calm(step.seconds))

    async def _calm(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.installation.misbehave("")

    async def _start(self, children: Sequence[Child], seconds: float) -> None:
        await asyncio.sleep(seconds)
        for child in children:
            child.start()

    async def _open(self, link: Link, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await link.open()

    def _mend(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)
