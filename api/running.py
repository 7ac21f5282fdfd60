"""Work that goes on although whoever asked for it hangs up."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final, Self, TypeVar

from lethe.errors import LetheError
from lethe.model.ids import Id

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)


class Running:
    """The questions this process waits for."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[Any], Id | None] = {}

    def start(self, work: Coroutine[Any, Any, T], question_id: Id | None = None) -> asyncio.Task[T]:
        """Begin it. What it raises is logged by name where nobody awaits it any more."""
        task = asyncio.create_task(work)
        self._tasks[task] = question_id
        task.add_done_callback(self._ended)
        return task

    def first(self, question_id: Id | None) -> asyncio.Task[Any] | None:
        """The oldest that has this question answered."""
        if question_id is None:
            return None
        return next((task for task, answered in self._tasks.items() if answered == question_id), None)

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
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            code = error.code if isinstance(error, LetheError) else LetheError.code
            _log.warning("question failed", extra={"code": code})
