"""The supervision itself, over small processes: restart, order, and nobody left behind whatever happens."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cli.stack.identity import start_of
from cli.stack.ports import is_free
from cli.stack.state import Phase, StackRecord, StateFolder
from cli.stack.supervisor import end_leftovers
from tests.servers.ports import reserved_ports


class Stack:
    def __init__(self, process: subprocess.Popen[str], folder: StateFolder, ports: tuple[int, int]) -> None:
        self.process = process
        self.folder = folder
        self.ports = ports

    def record(self) -> StackRecord:
        record = self.folder.record()
        assert record is not None
        return record

    def pids(self) -> dict[str, int]:
        return {name: child.process.pid for name, child in self.record().children.items()}

    def serves(self, port: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def read_until(self, line: str) -> list[str]:
        assert self.process.stdout is not None
        lines: list[str] = []
        for each in self.process.stdout:
            lines.append(each.strip())
            if each.strip() == line:
                return lines
        raise AssertionError(f"{line!r} was never said: {lines}")


@contextmanager
def stack(state: Path, *extra: str) -> Generator[Stack]:
    ports = reserved_ports(2)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.servers.stand_in_stack", str(state), str(ports[0]), str(ports[1]), *extra],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield Stack(process, StateFolder(state), (ports[0], ports[1]))
        finally:
            process.kill()


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def group_members(leader: int) -> list[int]:
    """Every live process of a process group, by the kernel's own list."""
    members: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == leader and fields[0] not in {"Z", "X"}:
            members.append(int(entry.name))
    return members


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux_only
def test_starts_in_order_and_a_signal_stops_all_in_reverse(tmp_path: Path) -> None:
    with stack(tmp_path) as running:
        said = running.read_until("ready")
        assert said == ["starting first", "running step", "starting second", "ready"]
        assert running.record().phase is Phase.RUNNING
        leaders = list(running.pids().values())
        assert all(len(group_members(leader)) == 2 for leader in leaders)
        running.process.send_signal(signal.SIGINT)
        rest = running.process.communicate(timeout=60)[0].split("\n")
        assert [line for line in rest if line] == ["stopping second", "stopping first"]
        assert running.process.returncode == 0
        assert [group_members(leader) for leader in leaders] == [[], []]
        assert running.record().phase is Phase.STOPPED
        assert running.record().children == {}
        assert all(is_free(port) for port in running.ports)


@linux_only
def test_a_crashed_child_is_started_again_and_said(tmp_path: Path) -> None:
    with stack(tmp_path) as running:
        running.read_until("ready")
        before = running.pids()
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{running.ports[1]}/crash", trust_env=False)
        said = running.read_until("second serves again")
        assert "second ended (exit code 7); starting it again in 0.5 s" in said
        after = running.pids()
        assert after["first"] == before["first"]
        assert after["second"] != before["second"]
        assert running.record().children["second"].restarts == 1
        assert running.serves(running.ports[1])
        assert group_members(before["second"]) == [], "the dead child's own child was left"


@linux_only
def test_a_killed_supervisor_leaves_no_child(tmp_path: Path) -> None:
    with stack(tmp_path) as running:
        running.read_until("ready")
        leaders = list(running.pids().values())
        reaper = running.record().reaper
        assert reaper is not None
        running.process.kill()
        running.process.wait()
        eventually(lambda: not any(group_members(leader) for leader in leaders))
        eventually(lambda: not reaper.is_alive)
        assert all(is_free(port) for port in running.ports)


@linux_only
def test_the_next_start_ends_what_even_the_reaper_could_not(tmp_path: Path) -> None:
    with stack(tmp_path) as running:
        running.read_until("ready")
        record = running.record()
        assert record.reaper is not None
        subprocess.run(["kill", "-9", str(record.reaper.pid), str(running.process.pid)], check=True)
        running.process.wait()
        leaders = list(running.pids().values())
        assert all(start_of(leader) for leader in leaders)
        said: list[str] = []
        end_leftovers(record, said.append)
        assert len(said) == 2
        eventually(lambda: not any(start_of(leader) for leader in leaders))


@linux_only
def test_a_failed_step_is_an_error_and_stops_what_was_started(tmp_path: Path) -> None:
    with stack(tmp_path, "fail") as running:
        out = running.process.communicate(timeout=60)[0]
        assert running.process.returncode == 1
        assert "error: step failed: the step ran" in out
        assert all(is_free(port) for port in running.ports)
        assert running.record().phase is Phase.STOPPED


@linux_only
def test_a_child_that_cannot_start_is_tried_three_times_and_its_log_is_shown(tmp_path: Path) -> None:
    with stack(tmp_path, "broken") as running:
        out = running.process.communicate(timeout=120)[0]
        assert out.count("first ended while starting") == 3
        assert "error: first did not start: " in out
        assert "no luck" in out
        assert running.process.returncode == 1
