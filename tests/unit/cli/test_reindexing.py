"""`lethe reindex`: what it sends and prints, and how it ends."""

from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands import reindexing
from cli.commands.reindexing import round_text
from cli.errors import Exit
from cli.main import app
from tests.unit.cli.stand_in import StandIn

ROUND: dict[str, Any] = {
    "id": "r1", "state": "running", "dry_run": False, "matched": 1200, "parser": 0, "chunker": 1200, "policy": 7,
    "chunks": 30_000, "tokens": 250_000, "cost_micros": 5_000, "currency": "USD", "seconds": 66.7, "begun": 20,
    "skipped": 1, "failed": 0, "created_at": "2026-11-22T04:00:00Z",
}  # fmt: skip
DONE = ROUND | {"state": "done", "begun": 1197, "failed": 2}


class Answers(StandIn):
    """A round that is running at first."""

    def post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        assert headers["Idempotency-Key"]
        self.sent.append((path, body))
        return ROUND | {"dry_run": body["dry_run"]}

    def get(self, path: str) -> dict[str, Any]:
        self.sent.append((path, None))
        looks = sum(body is None for _, body in self.sent)
        return ROUND if looks < 3 else DONE


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    return Answers().behind(reindexing, monkeypatch)


def test_an_estimate_says_what_how_dear_and_how_long() -> None:
    assert round_text(DONE | {"dry_run": True}).splitlines() == [
        "estimate r1 is done",
        "1,200 documents are affected (chunker 1,200, policy 7)",
        "30,000 chunks, 250,000 tokens, at most 0.01 USD, about 67 s",
    ]
    assert round_text(ROUND).splitlines()[-1] == "20 begun, 1 skipped, 0 failed"


def test_an_estimate_changes_nothing_and_names_what_it_is_limited_to(answers: Answers) -> None:
    ended = CliRunner().invoke(app, ["reindex", "estimate", "--reason", "chunker", "--reason", "policy", "--text"])
    assert answers.sent[0] == ("/v1/reindex", {"dry_run": True, "reasons": ["chunker", "policy"]})
    assert ended.stdout.startswith("round r1 is done\n")
    assert CliRunner().invoke(app, ["reindex", "estimate", "--reason", "model"]).exit_code == Exit.USAGE


def test_an_estimate_that_is_not_done_in_time_is_no_success(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    def running(_: str) -> dict[str, Any]:
        return ROUND | {"dry_run": True}

    monkeypatch.setattr(answers, "get", running)
    ended = CliRunner().invoke(app, ["reindex", "estimate", "--wait-seconds", "0.01", "--text"])
    assert ended.stdout.startswith("estimate r1 is running\n")
    assert ended.exit_code == Exit.UNFINISHED


def test_what_is_watched_tells_each_progress_once_and_whether_some_failed(answers: Answers) -> None:
    ended = CliRunner().invoke(app, ["reindex", "start", "--watch", "--text"])
    assert answers.sent == [("/v1/reindex", {"dry_run": False, "reasons": None}), *[("/v1/reindex/r1", None)] * 3]
    assert ended.stderr.splitlines() == ["20 begun, 1 skipped, 0 failed"]
    assert ended.stdout.splitlines()[-1] == "1,197 begun, 1 skipped, 2 failed"
    assert ended.exit_code == Exit.SOME_FAILED


def test_what_is_not_watched_is_told_as_it_is(answers: Answers) -> None:
    ended = CliRunner().invoke(app, ["reindex", "start", "--text"])
    assert (len(answers.sent), ended.exit_code) == (1, Exit.OK)
    assert ended.stdout.startswith("round r1 is running\n1,200 documents")
    assert CliRunner().invoke(app, ["reindex", "status", "r1", "--text"]).stdout == ended.stdout


def test_rounds_are_a_line_each(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(path: str, _params: object, limit: int) -> dict[str, Any]:
        assert (path, limit) == ("/v1/reindex", 2)
        return {"items": [ROUND, DONE | {"dry_run": True}]}

    monkeypatch.setattr(answers, "listed", listed, raising=False)
    _, first, second = CliRunner().invoke(app, ["reindex", "status", "--limit", "2", "--text"]).stdout.splitlines()
    assert first.split() == ["r1", "running", "1200", "20", "0", "2026-11-22T04:00:00Z"]
    assert second.split() == ["r1", "done", "1200", "1197", "2", "2026-11-22T04:00:00Z", "estimate"]
