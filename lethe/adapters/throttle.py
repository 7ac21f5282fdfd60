"""How much of a provider one process uses at once and in a minute."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from lethe.settings import ProviderSettings

MINUTE: Final = 60.0


@dataclass(slots=True)
class Meter:
    """The generic cell rate algorithm (ITU-T I.371): ``per_minute`` units on average, a minute's worth at once.

    An amount above a minute's worth is let through when nothing else is due, and paid for afterwards.
    """

    per_minute: int
    _due: float = 0.0

    def wait(self, amount: float, now: float) -> float:
        """Seconds until this amount may be taken."""
        cost = min(amount, self.per_minute) * MINUTE / self.per_minute
        return max(0.0, self._due + cost - MINUTE - now)

    def take(self, amount: float, now: float) -> None:
        self._due = max(self._due, now) + amount * MINUTE / self.per_minute


class Throttle:
    """Lets calls through in the order they came, each when all limits have room for it."""

    def __init__(self, settings: ProviderSettings, now: Callable[[], float] | None = None) -> None:
        """``now`` is a monotonic clock in seconds; None: the event loop's."""
        self._slots = asyncio.Semaphore(settings.in_flight)
        self._order = asyncio.Lock()
        self._now = now or (lambda: asyncio.get_running_loop().time())
        self._quiet_until = 0.0
        limits = (settings.requests_per_minute, settings.inputs_per_minute, settings.tokens_per_minute)
        self._meters = [(place, Meter(limit)) for place, limit in enumerate(limits) if limit]

    @asynccontextmanager
    async def turn(self, inputs: int, tokens: int) -> AsyncGenerator[None]:
        """Wait for a turn, and hold one of the places in flight while the call runs."""
        amounts = (1, inputs, tokens)
        async with self._slots:
            async with self._order:
                while (wait := self._wait(amounts)) > 0:  # noqa: ASYNC110  (a pause may have come meanwhile)
                    await asyncio.sleep(wait)
                for place, meter in self._meters:
                    meter.take(amounts[place], self._now())
            yield

    def pause(self, seconds: float) -> None:
        """The provider asked to be left alone: nobody's turn comes before."""
        self._quiet_until = max(self._quiet_until, self._now() + seconds)

    def _wait(self, amounts: tuple[int, int, int]) -> float:
        now = self._now()
        return max(self._quiet_until - now, *(meter.wait(amounts[place], now) for place, meter in self._meters), 0.0)
