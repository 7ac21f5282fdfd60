"""`lethe sources`: what is sent, and what is printed."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands import sources
from cli.commands.sources import rounds_text, schedules_text, sources_text
from cli.errors import CommandError, Exit
from cli.output import Output
from cli.sources import app
from tests.unit.cli.stand_in import StandIn

SOURCE: dict[str, Any] = {
    "id": "s1",
    "kind": "folder",
    "state": "active",
    "is_overdue": True,
    "asking_sync_id": None,
    "last_good_at": None,
    "address": "/srv/handbook",
    "filters": {"include": [], "exclude": ["drafts/**"], "max_items": 5},
}
ROUND: dict[str, Any] = {
    "id": "r1",
    "source_id": "s1",
    "trigger": "manual",
    "is_dry_run": True,
    "state": "needs_attention",
    "code": "",
    "known": 10,
    "vanished": 4,
    "listed": 6,
    "added": 0,
    "updated": 0,
    "skipped": 6,
    "deleted": 0,
    "failed": 0,
    "suppressed": 2,
}


def test_a_source_that_is_overdue_says_so() -> None:
    assert sources_text([SOURCE]).splitlines()[1].split() == ["s1", "folder", "overdue", "never", "/srv/handbook"]


def test_a_source_whose_round_asks_says_so_first() -> None:
    assert sources_text([SOURCE | {"asking_sync_id": "r1"}]).splitlines()[1].split()[2] == "asks"


def test_a_round_has_its_counts() -> None:
    assert rounds_text([ROUND]).splitlines()[1].split()[:6] == ["r1", "manual", "(dry)", "needs_attention", "6", "0"]
    assert rounds_text([ROUND]).splitlines()[1].split()[-1] == "2"


def test_who_paused_a_schedule_stands_where_its_next_run_would() -> None:
    schedule = {"id": "s1", "what": "sync", "next_run_at": None, "last_run_at": None, "paused_by": "operator"}
    assert "paused by operator" in schedules_text([schedule | {"is_paused": True}])
    assert schedules_text([schedule | {"is_paused": False}]).splitlines()[1].split() == ["s1", "sync", "none", "never"]


class Answers(StandIn):
    """A round that is under way at first."""

    def post(self, path: str, body: object, headers: object = None) -> dict[str, Any]:
        self.sent.append((path, body))
        return ROUND | {"state": "listing"}

    def get(self, path: str) -> dict[str, Any]:
        self.sent.append((path, None))
        return ROUND if path.endswith("r1") else SOURCE

    def patch(self, path: str, body: object) -> dict[str, Any]:
        self.sent.append((path, body))
        return SOURCE


def test_a_round_that_asks_says_how_to_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = Answers().behind(sources, monkeypatch)
    code = sources.sync(object(), Output(as_json=False), "s1", 60.0, dry_run=True)  # type: ignore[arg-type]
    assert code == Exit.FAILED
    assert answers.sent == [("/v1/sources/s1/sync", {"dry_run": True}), ("/v1/sources/s1/syncs/r1", None)]
    assert "4 of 10 items have vanished: `lethe sources resolve s1 r1 delete` or `keep`" in capsys.readouterr().out


def test_a_source_is_added_as_it_was_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wishes: list[dict[str, Any]] = []

    def added(_settings: object, _output: object, wish: dict[str, Any]) -> None:
        wishes.append(wish)

    monkeypatch.setattr(sources, "add", added)
    monkeypatch.setenv("LETHE_STATE", str(tmp_path))
    command = ["add", "folder", "/srv/handbook", "--every", "3600", "--exclude", "drafts/**"]
    assert CliRunner().invoke(app, command).exit_code == 0
    (wish,) = wishes
    assert (wish["name"], wish["schedule"]) == ("/srv/handbook", {"every_seconds": 3600})
    assert wish["filters"] == {"include": [], "exclude": ["drafts/**"]}
    assert CliRunner().invoke(app, [*command, "--cron", "0 3 * * *"]).exit_code != 0


CHANGES: list[tuple[list[str], list[dict[str, Any] | None]]] = [
    (["--name", "Manual", "--every", "3600"], [{"name": "Manual", "schedule": {"every_seconds": 3600}}]),
    (["--reader", "g1", "--reader", "g2"], [{"readers": ["g1", "g2"]}]),
    (
        ["--clear", "schedule", "--clear", "retention-days", "--clear", "credentials"],
        [{"schedule": None, "retention_days": None, "credentials": ""}],
    ),
    (
        ["--include", "*.md", "--clear", "exclude"],
        [None, {"filters": {"include": ["*.md"], "exclude": [], "max_items": 5}}],
    ),
]


@pytest.mark.parametrize(("options", "sent"), CHANGES)
def test_only_what_is_said_is_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: list[str], sent: list[dict[str, Any] | None]
) -> None:
    answers = Answers().behind(sources, monkeypatch)
    monkeypatch.setenv("LETHE_STATE", str(tmp_path))
    assert CliRunner().invoke(app, ["change", "s1", *options]).exit_code == 0
    assert answers.sent == [("/v1/sources/s1", body) for body in sent]


@pytest.mark.parametrize("options", [[], ["--clear", "name"], ["--every", "60", "--cron", "0 3 * * *"]])
def test_a_change_that_says_nothing_is_not_sent(tmp_path: Path, options: list[str]) -> None:
    result = CliRunner().invoke(app, ["change", "s1", *options], env={"LETHE_STATE": str(tmp_path)})
    assert isinstance(result.exception, CommandError)
    assert result.exception.exit_code is Exit.USAGE
