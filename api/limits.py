"""How many questions may be served at once, and how many readers may follow one."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from lethe.errors import RateLimited

RESERVED_SECONDS: Final = 1.0
"""How long a place is kept for a request whose body has not come."""


class _Reservation:
    """A place that nobody has taken over yet."""

    def __init__(self, places: "InFlight") -> None:
        self._places = places
        self._is_held = True

    def taken(self, places: "InFlight") -> bool:
        """Whether it is one of these, and its holder's from now on."""
        if self._places is not places or not self._is_held:
            return False
        self._is_held = False
        return True

    def release(self) -> None:
        """Nothing, if it was taken over."""
        if self._is_held:
            self._is_held = False
            self._places.running -= 1


_reservation: ContextVar[_Reservation | None] = ContextVar("reservation", default=None)


class InFlight:
    """A bound that refuses instead of queueing: a person who waits is better told to come back."""

    def __init__(self, limit: int, told: str = "questions are being answered already") -> None:
        self._limit = limit
        self._told = told
        self.running = 0

    def require(self) -> None:
        """Raises RateLimited when all places are taken."""
        if self.running >= self._limit:
            raise RateLimited(f"{self._limit} {self._told}.", retry_after=1)

    @contextmanager
    def reserved(self) -> Generator[None]:
        """Keep a place for `one` within this. Raises RateLimited when all are taken.

        Those who come together are told so before any of them has cost more than that.
        """
        self.require()
        self.running += 1
        kept = _Reservation(self)
        token = _reservation.set(kept)
        timer = asyncio.get_running_loop().call_later(RESERVED_SECONDS, kept.release)
        try:
            yield
        finally:
            timer.cancel()
            _reservation.reset(token)
            kept.release()

    @contextmanager
    def one(self) -> Generator[None]:
        """Hold one place, the one that was reserved if there is one. Raises RateLimited when all are taken."""
        kept = _reservation.get()
        if kept is None or not kept.taken(self):
            self.require()
            self.running += 1
        try:
            yield
        finally:
            self.running -= 1

    @contextmanager
    def lent(self) -> Generator[None]:
        """Do without one's place for a while. It is had again at the end, though another took it meanwhile."""
        self.running -= 1
        try:
            yield
        finally:
            self.running += 1
