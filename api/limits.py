"""How many questions may be served at once, and how many readers may follow one."""

from collections.abc import Generator
from contextlib import contextmanager

from lethe.errors import RateLimited


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
    def one(self) -> Generator[None]:
        """Hold one place. Raises RateLimited when all are taken."""
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
