"""Work that goes on although whoever asked for it hangs up."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final, Self, TypeVar

from lethe.errors import LetheError

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)


class Running:
    """The questions this process waits for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin it. What it raises is logged by name where nobody awaits it any more."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave what is not answered yet to whoever takes over its workflow."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being waited for."""
        return not self._tasks

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            code = error.code if isinstance(error, LetheError) else LetheError.code
            _log.warning("question failed", extra={"code": code})
