"""Commands that wait: one whose time runs out before what it waits for is done ends with a code of its own."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands import care, documents, ingest, retention, sources
from cli.errors import CommandError, Exit
from cli.main import app
from tests.unit.cli.stand_in import StandIn

RUNNING: dict[str, Any] = {
    "id": "w1", "state": "running", "counts": [], "matched": 0, "done": 0, "total": 1, "trigger": "manual",
    "is_dry_run": False, "code": "", "items": [], "next_cursor": None, "source_id": "s1",
    **dict.fromkeys(("listed", "added", "updated", "skipped", "deleted", "failed", "suppressed", "lost"), 0),
}  # fmt: skip
TAKEN = {"taken": [{"name": "/a", "outcome": "added", "code": ""}]}


class NeverDone(StandIn):
    """Whatever is begun goes on for ever."""

    def post(self, *_: object) -> dict[str, Any]:
        return RUNNING

    def get(self, *_: object) -> dict[str, Any]:
        return RUNNING

    def send_files(self, *_: object) -> dict[str, Any]:
        return TAKEN

    def patiently(self, send: Any) -> dict[str, Any]:
        return send()


class OneRefused(NeverDone):
    """And one file is not even taken."""

    def send_files(self, *_: object) -> dict[str, Any]:
        return {"taken": [*TAKEN["taken"], {"name": "/b", "outcome": None, "code": "unsupported_media_type"}]}


COMMANDS: list[tuple[ModuleType, list[str]]] = [
    (care, ["audit"]),
    (documents, ["delete", "--prefix", "file:///a"]),
    (retention, ["retention", "run"]),
    (sources, ["sources", "sync", "s1"]),
    (ingest, ["ingest"]),
]


@pytest.mark.parametrize(("module", "command"), COMMANDS)
def test_what_is_not_done_in_time_is_neither_a_success_nor_a_failure(
    module: ModuleType, command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LETHE_STATE", str(tmp_path / "state"))
    (file := tmp_path / "a.txt").write_text("a")
    NeverDone().behind(module, monkeypatch)
    monkeypatch.setattr(care, "_PAUSE_SECONDS", 0.0)
    command = [*command, *([str(file)] if module is ingest else [])]
    ended = CliRunner().invoke(app, [*command, "--wait-seconds", "0.01"])
    error = ended.exception
    code = error.exit_code if isinstance(error, CommandError) else ended.exit_code
    assert code == Exit.UNFINISHED
    assert CliRunner().invoke(app, [*command, "--wait-seconds", "0"]).exit_code == Exit.OK


def test_a_file_that_failed_is_told_also_where_another_is_not_done_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LETHE_STATE", str(tmp_path / "state"))
    (tmp_path / "a.txt").write_text("a")
    OneRefused().behind(ingest, monkeypatch)
    ended = CliRunner().invoke(app, ["ingest", str(tmp_path / "a.txt"), "--wait-seconds", "0.01"])
    assert ended.exit_code == Exit.SOME_FAILED
