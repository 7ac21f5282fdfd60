"""Equal questions at the same time: one is answered, the others wait for it."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from lethe.model.ids import Id


class Flights:
    """The questions this process has answered at the moment, by what makes them equal."""

    def __init__(self) -> None:
        self._leaders: dict[str, asyncio.Future[Id | None]] = {}
        self.waiting = 0

    def is_led(self, key: str) -> bool:
        """Whether such a question is being answered."""
        return key in self._leaders

    async def landed(self, key: str) -> Id | None:
        """Wait for it: its id when it has an answer, None when it got none."""
        self.waiting += 1
        try:
            return await asyncio.shield(self._leaders[key])
        finally:
            self.waiting -= 1

    @contextmanager
    def leading(self, key: str) -> Generator["Flight"]:
        """Be the one that others wait for; however it ends, they are told."""
        ended = asyncio.get_running_loop().create_future()
        self._leaders[key] = ended
        flight = Flight()
        try:
            yield flight
        finally:
            del self._leaders[key]
            ended.set_result(flight.answered)


class Flight:
    """``answered``: the question whose answer serves the others too."""

    def __init__(self) -> None:
        self.answered: Id | None = None
