"""One process of the stack: started, waited for, started again when it dies, stopped."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from cli.errors import CommandError
from cli.stack.identity import process_of, signal_group
from cli.stack.probes import CommandProbe, serves
from cli.stack.programs import Program
from cli.stack.state import ChildRecord

FIRST_BACKOFF_SECONDS: Final = 0.5
_LONGEST_BACKOFF_SECONDS: Final = 30.0
# A child that has served this long starts again at the shortest backoff.
_STABLE_SECONDS: Final = 60.0
_START_ATTEMPTS: Final = 3
_POLL_SECONDS: Final = 0.1
_LOG_BYTES: Final = 20 * 1024 * 1024


class Groups(Protocol):
    """Who must end the process groups should this process be killed."""

    def add(self, group: int) -> None: ...

    def discard(self, group: int) -> None: ...


class Child:
    """Keeps one program running until stopped. ``changed`` is called after every start and end."""

    def __init__(
        self,
        program: Program,
        log: Path,
        groups: Groups,
        say: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self.program = program
        self.restarts = 0
        self._log = log
        self._groups = groups
        self._say = say
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._started = 0.0

    def record(self) -> ChildRecord | None:
        """What to write down; None while there is no process."""
        if self._process is None:
            return None
        return ChildRecord(process=process_of(self._process.pid), restarts=self.restarts)

    async def start(self) -> None:
        """Start and wait until it serves. Raises CommandError with the end of its log if it does not."""
        for attempt in range(1, _START_ATTEMPTS + 1):
            await self._spawn()
            if await self._becomes_ready():
                self._keeper = asyncio.create_task(self._keep())
                return
            if self._is_running():
                break
            self._say(f"{self.program.name} ended while starting (attempt {attempt} of {_START_ATTEMPTS})")
        await self._end(0.0)
        raise CommandError(f"{self.program.name} did not start: {tail(self._log)}", advice=f"its log is {self._log}")

    async def stop(self, *, at_once: asyncio.Event) -> None:
        """Ask it to end, then end its whole group; `at_once` cuts the waiting short."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._end(self.program.stop_seconds, at_once)

    async def _spawn(self) -> None:
        rotate(self._log)
        with self._log.open("ab") as out:
            # A session of its own: Ctrl-C in the terminal reaches the supervisor only, which stops in order.
            self._process = await asyncio.create_subprocess_exec(
                *self.program.argv,
                env=self.program.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._groups.add(self._process.pid)
        self._started = time.monotonic()
        self._changed()

    async def _becomes_ready(self) -> bool:
        deadline = time.monotonic() + self.program.start_seconds
        while self._is_running() and time.monotonic() < deadline:
            # What answers may be another server on that port: then this one has ended.
            if await serves(self.program.ready) and self._is_running():
                return not self.program.once_ready or await serves(CommandProbe(self.program.once_ready))
            await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _keep(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while self._process is not None:
            code = await self._process.wait()
            self._sweep()
            if time.monotonic() - self._started > _STABLE_SECONDS:
                backoff = FIRST_BACKOFF_SECONDS
            self._say(f"{self.program.name} ended ({_reason(code)}); starting it again in {backoff:g} s")
            self._changed()
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, _LONGEST_BACKOFF_SECONDS)
            self.restarts += 1
            await self._spawn()
            if await self._becomes_ready():
                self._say(f"{self.program.name} serves again")
            elif self._is_running():
                self._say(f"{self.program.name} was started but does not serve; its log is {self._log}")

    async def _end(self, grace: float, at_once: asyncio.Event | None = None) -> None:
        if self._process is None:
            return
        if self._is_running() and grace > 0:
            self._process.send_signal(signal.SIGTERM)
            ended = asyncio.create_task(self._process.wait())
            hurried = asyncio.create_task((at_once or asyncio.Event()).wait())
            await asyncio.wait({ended, hurried}, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
            for task in (ended, hurried):
                task.cancel()
            if self._is_running():
                self._say(f"{self.program.name} did not end in time: killed")
        self._sweep()
        await self._process.wait()
        self._process = None
        self._changed()

    def _sweep(self) -> None:
        """End what the process may have left in its group."""
        if self._process is not None:
            signal_group(self._process.pid, signal.SIGKILL)
            self._groups.discard(self._process.pid)

    def _is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None


def tail(log: Path, lines: int = 5) -> str:
    """The end of a log on one line."""
    if not log.exists():
        return "no log"
    return " | ".join(log.read_bytes()[-4000:].decode(errors="replace").splitlines()[-lines:]) or "nothing logged"


def rotate(log: Path) -> None:
    """Keep one older log once this one has become long."""
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _reason(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
