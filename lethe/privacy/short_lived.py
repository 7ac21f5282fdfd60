"""What a process keeps in memory of somebody's words: for a time only, also where nobody comes for it again."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MEMORY_SECONDS: Final = 900.0
"""The longest any of it stays."""


class ShortLived(Generic[K, V]):
    """A map of at most ``most`` entries, the newest; each goes ``seconds`` after it was put.

    Entries are put while an event loop runs: its timer takes out what is due.
    """

    def __init__(self, most: int, seconds: float = MEMORY_SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._now = now
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """With what is due and not taken out yet."""
        return len(self._held)

    def put(self, key: K, value: V) -> None:
        """In place of an older one of the key."""
        self._drop_due()
        self._held[key] = (self._now() + self._seconds, value)
        self._held.move_to_end(key)
        if len(self._held) > self._most:
            self._held.popitem(last=False)
        if self._timer is None:
            self._wait()

    def get(self, key: K) -> V | None:
        self._drop_due()
        found = self._held.get(key)
        return None if found is None else found[1]

    def pop(self, key: K) -> None:
        """Nothing if it is not there."""
        self._held.pop(key, None)

    def _drop_due(self) -> None:
        now = self._now()
        while self._held and next(iter(self._held.values()))[0] <= now:
            self._held.popitem(last=False)

    def _wait(self) -> None:
        due = next(iter(self._held.values()))[0]
        self._timer = asyncio.get_running_loop().call_later(due - self._now(), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._drop_due()
        if self._held:
            self._wait()
