"""The processes of an installation under fault: started, killed, and started again as a supervisor would."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cli.stack import temporal
from cli.stack.ports import HOST
from cli.stack.probes import CommandProbe, Probe, serves

_READY_SECONDS = 120.0
_POLL_SECONDS = 0.25


@dataclass
class Child:
    """One process in a group of its own. ``user``: the name of the user it runs as, this one if empty."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    probe: Probe
    user: str = ""
    unplanned: list[int] = field(default_factory=list[int])
    """Exit codes of ends that nobody asked for."""
    is_wanted: bool = False
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.is_wanted = True
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.argv,
                env=self.env,
                cwd=self.log.parent if self.user else None,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                user=self.user or None,
                group=self.user or None,
                extra_groups=[] if self.user else None,
            )

    async def ready(self, seconds: float = _READY_SECONDS) -> None:
        """Wait until it serves. Raises RuntimeError with the end of its log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if await serves(self.probe) and self.is_alive:
                return
            await asyncio.sleep(_POLL_SECONDS)
        raise RuntimeError(f"{self.name} does not serve: {self.log.read_text(errors='replace')[-2000:]}")

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, to everything it may have started as well; gone when this returns."""
        self.signal_end()
        if self._process is not None:
            self._process.wait()

    def freeze(self) -> None:
        """It holds its connections and says nothing, until `thaw`."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGCONT)

    def signal_end(self) -> None:
        """SIGKILL without waiting."""
        self.is_wanted = False
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def revive(self) -> None:
        """Start it again if it is to run and does not."""
        if self.is_wanted and self._process is not None and not self.is_alive:
            self.unplanned.append(self._process.returncode)
            self.start()


def end_all(children: Mapping[str, Child]) -> None:
    """Kill them all: every signal first, so that whoever interrupts the waiting leaves none behind."""
    for child in children.values():
        child.signal_end()
    for child in children.values():
        child.kill()


async def keep(children: Mapping[str, Child]) -> None:
    """What `lethe up` does: whatever ends by itself is started again. Runs until cancelled."""
    while True:
        for child in list(children.values()):
            child.revive()
        await asyncio.sleep(_POLL_SECONDS)


def temporal_child(folder: Path, logs: Path, port: int) -> Child:
    """Temporal's dev server with its data in ``folder``; not started."""
    return Child(
        name="temporal",
        argv=temporal.server_argv(folder / "temporal.db", port, None),
        env=os.environ,
        log=logs / "temporal.log",
        probe=CommandProbe(tuple(temporal.health_argv(f"{HOST}:{port}"))),
    )
