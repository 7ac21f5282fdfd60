"""Whether a process id still means the process it was written down for: ids are used again."""

import os
import signal
import subprocess
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Process(BaseModel):
    """A process by id and start time (in the system's own notation)."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: str

    @property
    def is_alive(self) -> bool:
        return bool(self.started) and start_of(self.pid) == self.started


def start_of(pid: int) -> str:
    """When the process started; empty if there is none or only its exit code is left."""
    try:
        # Behind the name in parentheses: state is field 3, start time field 22.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _start_by_ps(pid)
    except ProcessLookupError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]


def this_process() -> Process:
    return Process(pid=os.getpid(), started=start_of(os.getpid()))


def process_of(pid: int) -> Process:
    return Process(pid=pid, started=start_of(pid))


def end_group(process: Process, grace_seconds: float) -> None:
    """Stop the process and everything in its group, politely first."""
    if process.is_alive:
        signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while process.is_alive and time.monotonic() < deadline:
            time.sleep(0.1)
    if process.is_alive:
        signal_group(process.pid, signal.SIGKILL)


def signal_group(leader: int, number: signal.Signals) -> None:
    """Signal every process of the group; a group that is gone is fine."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return


def _start_by_ps(pid: int) -> str:
    said = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = said.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else started.strip()
