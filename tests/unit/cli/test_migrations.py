"""`lethe migrate`: what it sends and prints."""

from typing import Any

import pytest

from cli.commands.migrations import migration_text, wish
from cli.errors import CommandError

PLAN: dict[str, Any] = {
    "chunks": 1200, "to_embed": 1000, "tokens": 250_000, "cost_micros": 5_000, "currency": "USD", "seconds": 66.7,
}  # fmt: skip
NONE: dict[str, Any] = {}
BODY: dict[str, Any] = {
    "id": "m1", "state": "soaking", "code": "", "move": "rollback", "is_paused": False, "source_spec": "one@1/8/x",
    "source_parameters": "", "target_spec": "other@1/8/x", "target_parameters": "none/64/128/32/1", "plan": PLAN,
    "lag": 2, "rollback_seconds": 5.0, "report": {"vectors": 1200},
}  # fmt: skip


def test_parameters_are_numbers_or_words() -> None:
    assert wish(None, [], None) == {"model": None, "budget_micros": None}
    given = wish("other", ["ef=-1", "quantisation=rq"], 7)
    assert given == {"model": "other", "budget_micros": 7, "parameters": {"ef": -1, "quantisation": "rq"}}
    for wrong in ("ef", "=1", "ef="):
        with pytest.raises(CommandError):
            wish(None, [wrong], None)


def test_what_it_waits_for_is_said_first() -> None:
    assert migration_text(BODY).splitlines() == [
        "m1 is soaking (move: rollback)",
        "one@1/8/x",
        "-> other@1/8/x none/64/128/32/1",
        "1,000 of 1,200 chunks to embed, 250,000 tokens, 0.01 USD, about 67 s",
        "2 commits behind",
        "the replaced build follows first; tried again within 5 s",
        "vectors: 1200",
    ]
    quiet = BODY | {"move": None, "lag": 0, "rollback_seconds": None, "report": NONE, "is_paused": True, "code": "x"}
    assert migration_text(quiet).splitlines()[0] == "m1 is soaking (code: x, paused)"


def test_the_report_says_by_how_many_questions_and_leaves_out_what_was_not_measured() -> None:
    judged: dict[str, Any] = {"questions": 12, "overlap": 0.75, "ndcg_before": None}
    report = {"vectors": 1200, "failures": list[str](), "figures": judged}
    assert migration_text(BODY | {"report": report}).splitlines()[-3:] == [
        "vectors: 1200",
        "questions: 12",
        "overlap: 0.75",
    ]
    unasked = BODY | {"report": report | {"figures": judged | {"questions": 0, "overlap": None}}}
    assert migration_text(unasked).splitlines()[-2:] == [
        "questions: 0",
        "nobody had asked anything yet that the builds could be compared by",
    ]
