"""What is written down about a stack, and whom a process id means."""

import os
import stat
import subprocess
from pathlib import Path

from cli.stack.identity import Process, process_of, start_of, this_process
from cli.stack.locks import held, try_lock
from cli.stack.state import ChildRecord, Phase, Ports, StackRecord, StateFolder


def test_a_record_is_read_back_and_private(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.create()
    assert folder.record() is None
    record = StackRecord(
        phase=Phase.RUNNING,
        supervisor=this_process(),
        addresses={"api": "http://127.0.0.1:1"},
        ports=Ports(api=1, worker_metrics=2, weaviate_cluster=3),
        children={"api": ChildRecord(process=this_process(), restarts=2)},
    )
    folder.write(record)
    assert folder.record() == record
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_a_process_is_known_by_its_start_too() -> None:
    assert this_process().is_alive
    assert not Process(pid=os.getpid(), started="1").is_alive, "the same number, another process"
    assert not Process(pid=os.getpid(), started="").is_alive


def test_a_process_that_ended_is_not_alive_even_before_it_is_collected() -> None:
    with subprocess.Popen(["true"]) as child:
        known = process_of(child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not known.is_alive
        assert start_of(child.pid) == ""


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first = try_lock(tmp_path / "a" / "lock")
    assert first is not None
    with held(first):
        assert try_lock(tmp_path / "a" / "lock") is None
    second = try_lock(tmp_path / "a" / "lock")
    assert second is not None
    os.close(second)
