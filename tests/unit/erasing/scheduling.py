"""Which of many actors does its next unit of work: a schedule from a seed, and the same one again from the same seed.

What is between two units of work of one actor is done at once; between two of the ledger's anybody else's may come.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from random import Random
from typing import Any

from lethe.ports.ledger import Ledger, UnitOfWork


@dataclass(eq=False)
class Actor:
    """Somebody who works beside the others. ``turn``: what it waits for before its next unit of work."""

    name: str
    turn: "asyncio.Future[None] | None" = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[object] | None" = None

    @property
    def is_over(self) -> bool:
        return self.task is not None and self.task.done()


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


@dataclass
class Schedule:
    """``steps``: units of work that were let go on, of all actors together."""

    random: Random
    actors: list[Actor] = field(default_factory=list[Actor])
    steps: int = 0

    def begin(self, name: str, work: Coroutine[Any, Any, object]) -> Actor:
        actor = Actor(name)
        context = copy_context()
        context.run(_current.set, actor)
        actor.task = asyncio.get_running_loop().create_task(work, context=context)
        actor.task.add_done_callback(lambda _: actor.moved.set())
        self.actors.append(actor)
        return actor

    async def step(self, actor: Actor | None = None) -> None:
        """One unit of work of the actor, or of any; raises what its actor raised."""
        chosen = actor or self.random.choice(self.actors)
        await self._stopped(chosen)
        if chosen.turn is not None:
            self.steps += 1
            turn, chosen.turn = chosen.turn, None
            turn.set_result(None)
            await self._stopped(chosen)
        if chosen.is_over and chosen in self.actors:
            self.actors.remove(chosen)
            assert chosen.task
            chosen.task.result()

    async def kill(self, actor: Actor) -> None:
        """Its process ends between two units of work: what it would do about that is not done either."""
        await self._stopped(actor)
        self.actors.remove(actor)
        assert actor.task
        _abandoned.append(actor)

    async def finish(self, *actors: Actor) -> None:
        for actor in actors or tuple(self.actors):
            while actor in self.actors:
                await self.step(actor)

    async def _stopped(self, actor: Actor) -> None:
        """It waits for its turn, or is over. Threads take the time they take."""
        while actor.turn is None and not actor.is_over:
            actor.moved.clear()
            await actor.moved.wait()

    def close(self) -> None:
        for actor in (*self.actors, *_abandoned):
            if actor.task and not actor.task.done():
                actor.task.cancel()
        _abandoned.clear()


_abandoned: list[Actor] = []
"""Kept, so that nothing of them runs when they are collected."""


@dataclass(frozen=True)
class ScheduledLedger:
    """A ledger whose units of work wait for their actor's turn."""

    ledger: Ledger

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return _in_turn(self.ledger.read())

    def write(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return _in_turn(self.ledger.write())

    async def ready(self) -> bool:
        return await self.ledger.ready()

    async def empty_journal(self) -> bool:
        return await self.ledger.empty_journal()

    async def close(self) -> None:
        """Whoever opened the ledger closes it."""


@asynccontextmanager
async def _in_turn(unit: AbstractAsyncContextManager[UnitOfWork]) -> AsyncGenerator[UnitOfWork]:
    actor = _current.get()
    if actor is not None:
        actor.turn = asyncio.get_running_loop().create_future()
        actor.moved.set()
        await actor.turn
    async with unit as uow:
        yield uow
