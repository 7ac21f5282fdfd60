"""Running the git program so that neither the repository nor this machine's configuration decides what it does."""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from lethe.adapters.sources.limits import PIECE_BYTES
from lethe.errors import SourceTimedOut, SourceToolMissing

_OLDEST: Final = (2, 37)
"""The first that can be told which number a name has, so that it does not resolve the name again."""
_VERSION: Final = re.compile(rb"git version (\d+)\.(\d+)")
_FILE_UNIT: Final = 512
_MEMORY_UNIT: Final = 1024
_CONFIGURATION: Final[Mapping[str, str]] = {
    "protocol.allow": "never",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "credential.helper": "",
    "http.followRedirects": "false",
    "http.proxy": "",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "submodule.recurse": "false",
    "gc.auto": "0",
    "pack.threads": "1",
    # What is mapped counts as memory: of a large pack only a part is at once.
    "core.packedGitWindowSize": "32m",
    "core.packedGitLimit": "256m",
}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of each of git's processes: time of a processor, and memory. A few bytes can stand for very many."""

    cpu_seconds: int
    memory_bytes: int

    def command(self, file_bytes: int) -> str:
        """What a shell runs its arguments with. Some systems know no limit of memory."""
        said = [f"ulimit -t {self.cpu_seconds}", f"ulimit -v {self.memory_bytes // _MEMORY_UNIT} || :"]
        if file_bytes:
            said.append(f"ulimit -f {file_bytes // _FILE_UNIT}")
        return "; ".join(["set -e", *said, 'exec "$@"'])


@dataclass(frozen=True, slots=True)
class Git:
    """The program, in a folder of its own. Secrets are in ``configuration``, which no list of processes shows."""

    program: str
    folder: Path
    limits: Limits
    configuration: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    async def run(self, *arguments: str, seconds: float, file_bytes: int = 0) -> int:
        """Its exit code; what it writes is not read. ``file_bytes``: no file may become larger.

        Raises SourceTimedOut.
        """
        async with self._started(arguments, asyncio.subprocess.DEVNULL, file_bytes) as process:
            return await _in_time(process.wait(), seconds)

    async def pieces(self, *arguments: str, seconds: float) -> AsyncGenerator[bytes]:
        """What it writes. Raises SourceTimedOut; EOFError if it does not end well."""
        async with self._started(arguments, asyncio.subprocess.PIPE) as process:
            assert process.stdout  # noqa: S101 - it is piped
            while piece := await _in_time(process.stdout.read(PIECE_BYTES), seconds):
                yield piece
            if await _in_time(process.wait(), seconds) != 0:
                raise EOFError

    @asynccontextmanager
    async def _started(
        self, arguments: tuple[str, ...], written_to: int, file_bytes: int = 0
    ) -> AsyncGenerator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            self.limits.command(file_bytes),
            "sh",
            self.program,
            *arguments,
            cwd=self.folder,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written_to,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            # Its children too: the one that speaks to the server outlives it otherwise.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.communicate()  # what it still wrote, or the pipe is never closed

    def _environment(self) -> dict[str, str]:
        """Nothing of this process's own."""
        configuration = {**_CONFIGURATION, **self.configuration}
        pairs: dict[str, str] = {}
        for number, (key, value) in enumerate(configuration.items()):
            pairs |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return {
            **pairs,
            "GIT_CONFIG_COUNT": str(len(configuration)),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "HOME": str(self.folder),
            "PATH": os.defpath,
            "LC_ALL": "C",
        }


async def find_git(folder: Path, limits: Limits, configuration: Mapping[str, str]) -> Git:
    """Raises SourceToolMissing for none, and for one that is too old to be told where to connect to."""
    program = shutil.which("git")
    if program is None:
        raise SourceToolMissing("The program git.")
    git = Git(program, folder, limits, configuration)
    said = [piece async for piece in git.pieces("--version", seconds=30)]
    version = _VERSION.match(b"".join(said))
    if version is None or (int(version[1]), int(version[2])) < _OLDEST:
        raise SourceToolMissing("The program git, 2.37 or newer.")
    return git


async def _in_time(awaited: Awaitable[_T], seconds: float) -> _T:
    try:
        async with asyncio.timeout(seconds):
            return await awaited
    except TimeoutError as error:
        raise SourceTimedOut from error
