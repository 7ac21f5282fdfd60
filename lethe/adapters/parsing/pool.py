"""The parser as the worker sees it: a few warm child processes, replaced when they are used up or hurt."""

import asyncio
from pathlib import Path
from typing import Final

from lethe.adapters.parsing.process import Child
from lethe.adapters.parsing.strategies import models_for, program_for
from lethe.adapters.parsing.wire import Limits, request_for
from lethe.errors import DocumentError, ParserCrashed, ParserUnavailable
from lethe.ports.parsing import ParsedDocument
from lethe.settings import Settings

DOCUMENTS_PER_CHILD: Final = 200
"""A child is warm after four seconds; replacing it at times bounds what the vendors' code leaks."""


def limits_from(settings: Settings) -> Limits:
    """The configured limits. Raises ConfigurationError if the strategy needs what is not installed."""
    return Limits(
        seconds=settings.limits.parse_seconds,
        memory_bytes=settings.limits.parse_memory_bytes,
        output_bytes=settings.limits.parse_output_bytes,
        pages=settings.limits.pages,
        niceness=settings.worker.niceness,
        strategy=settings.parsing.strategy,
        tesseract=program_for(settings.parsing.strategy),
        models=models_for(settings.parsing.strategy),
        languages=settings.parsing.ocr_languages,
    )


class LimitedParser:
    """The `Parser` port over child processes with limits of CPU, memory, time and output.

    At most ``slots`` files are read at once. A file that kills its child takes no other file with it.
    """

    def __init__(self, limits: Limits, slots: int) -> None:
        self._limits = limits
        self._slots = asyncio.Semaphore(slots)
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._is_closed = False

    @classmethod
    def from_settings(cls, settings: Settings) -> "LimitedParser":
        """A parser with the configured limits and as many children as there are CPU slots; none is started yet.

        Raises ConfigurationError if the strategy needs what is not installed.
        """
        return cls(limits_from(settings), settings.worker.cpu_slots)

    async def parse(self, path: Path, media_type: str) -> ParsedDocument:
        """See `lethe.ports.parsing.Parser`. Raises ParserUnavailable when no child can be started or after `close`."""
        async with self._slots:
            child = await self._take()
            try:
                document = await child.parse(request_for(path, media_type))
            except BaseException as error:
                if isinstance(error, DocumentError) and not isinstance(error, ParserCrashed):
                    await self._give_back(child)
                else:
                    await self._discard_now(child)
                raise
            await self._give_back(child)
            return document

    async def warm_up(self) -> None:
        """Start one child, so that the first document does not wait for it."""
        async with self._slots:
            await self._give_back(await self._take())

    def children(self) -> tuple[Child, ...]:
        """The children that run now, at work or idle."""
        return tuple(self._all)

    def pids(self) -> tuple[int, ...]:
        """Their process ids."""
        return tuple(child.pid for child in self._all)

    async def close(self) -> None:
        """Kill every child and wait until none is left; files being read end with ParserCrashed."""
        self._is_closed = True
        self._idle.clear()
        await asyncio.gather(*(self._discard(child) for child in tuple(self._all)))

    async def _take(self) -> Child:
        if self._is_closed:
            raise ParserUnavailable
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            await self._discard(child)
        child = await Child.spawn(self._limits)
        self._all.add(child)
        try:
            await child.ready()
        except BaseException:
            await self._discard_now(child)
            raise
        return child

    async def _give_back(self, child: Child) -> None:
        if self._is_closed or child.served >= DOCUMENTS_PER_CHILD:
            await self._discard(child)
        else:
            self._idle.append(child)

    async def _discard_now(self, child: Child) -> None:
        """As `_discard`, when the task may be cancelled: the process is dead before anything else happens."""
        child.kill()
        await asyncio.shield(self._discard(child))

    async def _discard(self, child: Child) -> None:
        await child.stop()
        self._all.discard(child)
