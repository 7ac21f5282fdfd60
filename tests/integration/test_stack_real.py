"""`lethe up` with the real Temporal, Weaviate, API and worker, used through the command line as a person would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.errors import Exit
from cli.stack.identity import start_of
from tests.integration.test_stack_supervisor import eventually, group_members
from tests.servers.stack import Stack, running_stack

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


@pytest.fixture(scope="module")
def lethe(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack") / "state") as stack:
        yield stack


def waits_for(condition: Callable[[], bool], seconds: float = 180.0) -> None:
    eventually(condition, seconds)


def test_all_of_it_serves_and_a_second_up_says_so(lethe: Stack) -> None:
    status = lethe.run("status")
    assert status["healthy"] is True
    names = [component["name"] for component in status["components"]]
    assert names == ["temporal", "weaviate", "witness", "api", "worker"]
    again = lethe.run("up")
    assert again["already_running"] is True
    assert again["supervisor"] == status["supervisor"]
    assert all(check["level"] == "ok" for check in lethe.run("doctor")["checks"])


def test_nothing_but_what_weaviate_insists_on_listens_beyond_loopback(lethe: Stack) -> None:
    record = lethe.folder.record()
    assert record is not None
    assert record.ports is not None
    open_to_all = {
        port
        for leader in lethe.leaders().values()
        for member in group_members(leader.pid)
        for address, port in listening(member)
        if address not in {"127.0.0.1", "::1"}
    }
    assert open_to_all <= {record.ports.weaviate_grpc, record.ports.weaviate_cluster + 1}
    data_port = f"http://127.0.0.1:{record.ports.weaviate_cluster + 1}/nodes/status"
    assert httpx.get(data_port, trust_env=False).status_code == 401
    assert httpx.get(f"http://127.0.0.1:{record.ports.weaviate}/v1/schema", trust_env=False).status_code == 401


def test_files_go_in_are_asked_about_and_go_out(lethe: Stack, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "lighthouse.md").write_text(
        "# Skarv light\n\nThe lamp of the Skarv lighthouse is 47 metres above the sea.\n"
    )
    (corpus / "empty.txt").write_text("")
    (corpus / ".hidden.txt").write_text("not to be seen")
    first = lethe.run("ingest", str(corpus), expect=Exit.SOME_FAILED)
    assert (first["added"], first["failed"]) == (1, 1)
    assert first["failures"][0]["path"].endswith("empty.txt")
    assert first["failures"][0]["code"]
    again = lethe.run("ingest", str(corpus / "lighthouse.md"))
    assert (again["added"], again["skipped"]) == (0, 1)
    (corpus / "lighthouse.md").write_text(
        "# Skarv light\n\nThe lamp of the Skarv lighthouse is 52 metres above the sea.\n"
    )
    assert lethe.run("ingest", str(corpus / "lighthouse.md"))["updated"] == 1

    answer = lethe.run("ask", "How high above the sea is the lamp of the Skarv lighthouse?")
    assert "52 metres" in answer["answer"]
    assert answer["citations"][0]["number"] == 1
    assert lethe.run("search", "Skarv lighthouse", "--top-k", "1")["items"][0]["source_uri"].startswith("file://")

    listed = {item["source_uri"]: item["id"] for item in lethe.run("documents", "--status", "ready")["items"]}
    document = listed[(corpus / "lighthouse.md").as_uri()]
    lethe.run("delete", document)
    waits_for(lambda: not lethe.run("search", "Skarv lighthouse")["items"])


def test_exit_codes_tell_what_went_wrong(lethe: Stack, tmp_path: Path) -> None:
    lethe.run("ingest", str(tmp_path / "missing"), expect=Exit.USAGE)
    lethe.run("ask", "x", "--filters", "[]", expect=Exit.USAGE)
    lethe.run("delete", "01a1fd00-0000-7000-8000-000000000000", expect=Exit.FAILED)
    nowhere = Stack(tmp_path / "nowhere")
    nowhere.run("ask", "x", expect=Exit.UNREACHABLE)
    nowhere.run("status", expect=Exit.FAILED)
    assert nowhere.run("down")["was_running"] is False
    unknown = Stack(tmp_path / "unknown")
    unknown.env["LETHE_TYPO"] = "1"
    unknown.run("status", expect=Exit.USAGE)
    assert unknown.run("doctor", expect=Exit.FAILED)["checks"][0]["name"] == "settings"


@pytest.mark.parametrize("name", ["api", "worker", "weaviate", "temporal"])
def test_whatever_is_killed_serves_again(lethe: Stack, name: str) -> None:
    before = lethe.leaders()[name]
    os.kill(before.pid, signal.SIGKILL)
    waits_for(lambda: not before.is_alive)

    def is_back() -> bool:
        now = lethe.leaders().get(name)
        if now is None or now == before:
            return False
        status = healthy(lethe)
        return status is not None and any(each["restarts"] for each in status["components"] if each["name"] == name)

    waits_for(is_back)


def test_killing_the_supervisor_ends_everything_and_the_next_up_is_warm(lethe: Stack) -> None:
    record = lethe.folder.record()
    assert record is not None
    leaders = [process.pid for process in lethe.leaders().values()]
    os.kill(record.supervisor.pid, signal.SIGKILL)
    waits_for(lambda: not any(group_members(leader) for leader in leaders))
    assert lethe.run("status", expect=Exit.FAILED)["phase"] == "stopped"
    started = lethe.run("up", "--detach")
    assert started["start"] == "warm"
    assert lethe.run("status")["healthy"] is True


def test_a_second_stack_takes_other_ports_and_ctrl_c_leaves_nothing_of_it(lethe: Stack, tmp_path: Path) -> None:
    other = Stack(tmp_path / "foreground")
    other.env["LETHE_API__PORT"] = lethe.env["LETHE_API__PORT"]
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "up"],
        env=other.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert said["phase"] == "running"
        assert set(said["addresses"].values()).isdisjoint(lethe.run("up")["addresses"].values())
        leaders = [each.pid for each in other.leaders().values()]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=90)
        assert process.returncode == 0
    assert not any(start_of(leader) or group_members(leader) for leader in leaders)


def healthy(lethe: Stack) -> dict[str, Any] | None:
    """What `lethe status` says, if all of it serves."""
    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", "status"], env=lethe.env, capture_output=True, text=True, check=False
    )
    time.sleep(0.2)
    return json.loads(ended.stdout) if ended.returncode == Exit.OK else None


def listening(pid: int) -> list[tuple[str, int]]:
    """The TCP addresses a process listens on, from the kernel's tables."""
    inodes: set[str] = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(descriptor)  # noqa: PTH115 - no file, a name of a socket
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found: list[tuple[str, int]] = []
    for table, any_address in (("tcp", "0.0.0.0"), ("tcp6", "::")):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].rpartition(":")
            if fields[3] == "0A" and fields[9] in inodes:
                is_any = set(address) == {"0"}
                found.append((any_address if is_any else "127.0.0.1", int(port, 16)))
    return found
