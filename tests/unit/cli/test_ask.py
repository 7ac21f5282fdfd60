"""What `lethe ask` shows while an answer is made."""

from typing import Any

import pytest

from cli.client import ApiError
from cli.commands.ask import tell_answer
from cli.events import Event
from cli.output import plain

CITATION = {"number": 1, "title": "Sky", "source_uri": "file:///sky.txt", "place": "page 3", "score": 0.83}
BELOW = "\n\n[1] Sky, page 3 (score 0.83)\n"


def token(text: str) -> Event:
    return Event("1", "token", {"text": text})


def event(kind: str) -> Event:
    return Event("2", kind, {})


def done(answer: str, **fields: Any) -> Event:
    whole = {"answer": answer, "answer_mode": "extractive", "citations": [CITATION], "is_degraded": False}
    return Event("3", "done", {**whole, "degraded_reasons": [], **fields})


def told(*events: Event) -> str:
    pieces: list[str] = []
    tell_answer(events, pieces.append)
    return "".join(pieces)


def test_an_answer_is_told_once_with_what_it_rests_on_below() -> None:
    assert told(token("It is "), event("citation"), token("blue [1].")) == "It is blue [1]."
    assert told(token("It is "), event("citation"), token("blue [1]."), done("It is blue [1].")) == (
        "It is blue [1]." + BELOW
    )


def test_what_does_not_count_any_more_is_said_to() -> None:
    for kind, says in (("reset", "again"), ("withdrawn", "withdrawn")):
        text = told(token("It is gre"), event(kind), token("It is blue [1]."), done("It is blue [1]."))
        assert text.startswith("It is gre\n\n[")
        assert says in text.splitlines()[2]
        assert text.endswith("]\n\nIt is blue [1]." + BELOW)
        assert told(event(kind), done("It is blue [1].")) == "It is blue [1]." + BELOW


def test_an_answer_that_ends_otherwise_is_told_again() -> None:
    text = told(token("It is blue [1] [7]."), done("It is blue [1]."))
    assert text.splitlines()[0] == "It is blue [1] [7]."
    assert text.endswith("[the answer in its final form:]\n\nIt is blue [1]." + BELOW)


def test_without_an_answer_it_says_so() -> None:
    text = told(done("", answer_mode="no_answer", citations=[]))
    assert text == "There is no answer in the documents.\n"


def test_an_error_in_the_stream_is_the_commands() -> None:
    problem = {"code": "ledger_unavailable", "title": "No ledger", "status": 503, "request_id": "r1"}
    with pytest.raises(ApiError, match="ledger_unavailable") as raised:
        told(token("It"), Event("2", "error", problem))
    assert (raised.value.status, raised.value.request_id) == (503, "r1")


def test_a_terminal_is_not_told_what_to_do() -> None:
    assert plain("a\x1b[31mb\x07\x9b\r\n\tc") == "a[31mb\n\tc"
