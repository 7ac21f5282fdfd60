"""One child process, seen from the parent."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

import lethe
from lethe.adapters.parsing.wire import DOCUMENT, ERROR, HEADER, READY, Limits, Request, dump, load_error
from lethe.errors import ParserCrashed, ParserUnavailable, Place, by_code
from lethe.ingestion.elements import from_json
from lethe.ports.parsing import ParsedDocument

_START_SECONDS: Final = 180.0
"""Loading takes four seconds on two idle cores; at low priority on a busy machine many times that."""
_ENVIRONMENT: Final = {
    "PYTHONPATH": str(Path(lethe.__file__).parents[1]),
    "PATH": os.defpath,
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "UNSTRUCTURED_DISABLE_NOTICE": "1",
    "SCARF_NO_ANALYTICS": "true",
    "DO_NOT_TRACK": "true",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""All the child knows of its surroundings: no secret of the worker's, no telemetry, one thread."""


def environment_of(limits: Limits) -> dict[str, str]:
    """With the layout models' folder, where they are used: the child does not know the worker's home."""
    return _ENVIRONMENT | ({"HF_HUB_CACHE": limits.models} if limits.models else {})


class Child:
    """A started child. Not shared: one request at a time."""

    def __init__(self, process: Process, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self.served = 0

    @classmethod
    async def spawn(cls, limits: Limits) -> "Child":
        """Start a process; it is of use once `ready`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lethe.adapters.parsing.child", dump(limits),
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment_of(limits), start_new_session=True,
        )  # fmt: skip
        return cls(process, limits)

    async def ready(self) -> None:
        """Wait until the child has loaded its readers. Raises ParserUnavailable."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                status, _ = await self._receive()
        except (TimeoutError, ParserCrashed) as error:
            raise ParserUnavailable from error
        if status != READY:
            raise ParserUnavailable

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def parse(self, request: Request) -> ParsedDocument:
        """Have one file read. Raises DocumentError; after ParserCrashed or a cancellation the child must be stopped."""
        self.served += 1
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - started with pipes
        try:
            async with asyncio.timeout(self._limits.seconds):
                stdin.write(dump(request).encode() + b"\n")
                await stdin.drain()
                status, body = await self._receive()
        except TimeoutError as error:
            raise ParserCrashed("The parser took longer than allowed.") from error
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ParserCrashed from error
        if status == DOCUMENT:
            return from_json(body)
        if status == ERROR:
            code, detail, page = load_error(body)
            raise by_code(code)(detail).at(Place(page=page))
        raise ParserCrashed("The parser answered out of turn.")

    async def _receive(self) -> tuple[bytes, bytes]:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - started with pipes
        try:
            status, length = HEADER.unpack(await stdout.readexactly(HEADER.size))
            if length > self._limits.output_bytes:
                raise ParserCrashed("The parser's output is larger than allowed.")
            return status, await stdout.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise ParserCrashed("The parser's process ended.") from error

    def kill(self) -> None:
        """End the process and whatever it may have started, at once."""
        if self.is_alive:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def hang_up(self) -> None:
        """Close the child's input: it ends when it has answered what it was asked."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    async def ended(self) -> None:
        """Wait until the process has ended and is reaped."""
        await self._process.wait()

    async def stop(self) -> None:
        """Kill the process and wait until it is reaped."""
        self.kill()
        self.hang_up()
        await self.ended()
