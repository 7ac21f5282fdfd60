"""The time that a question has, counted from when its request came."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from lethe.errors import DeadlineExceeded
from lethe.settings import LimitSettings


@dataclass(frozen=True, slots=True)
class Deadline:
    """By the event loop's clock. ``answer``: until then an answer is waited for; ``end``: until then it is told."""

    answer: float
    end: float

    @classmethod
    def of(cls, limits: LimitSettings) -> Self:
        """Of a request that comes now."""
        now = asyncio.get_running_loop().time()
        return cls(now + limits.answer_seconds, now + limits.question_seconds)


@asynccontextmanager
async def ending_at(end: float | None) -> AsyncGenerator[None]:
    """Raises DeadlineExceeded when that time has come; None: never."""
    try:
        async with asyncio.timeout_at(end):
            yield
    except TimeoutError as error:
        raise DeadlineExceeded from error
