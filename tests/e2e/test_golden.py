"""The questions about the samples, asked through the API of the real stack."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import SAMPLES, Demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

QUESTIONS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "golden_questions.json").read_text())
FORMATS = {".txt", ".md", ".html", ".docx", ".pdf", ".csv", ".eml"}


@pytest.fixture(scope="module")
def answers(demo: Demo) -> dict[str, dict[str, Any]]:
    return {question["id"]: demo.ask(question["question"]) for question in QUESTIONS}


def test_every_sample_is_ingested(demo: Demo) -> None:
    files = [file for file in SAMPLES.iterdir() if file.is_file()]
    assert demo.ingested["failed"] == 0, demo.ingested["failures"]
    assert demo.ingested["added"] == len(files) >= 25
    assert {file.suffix for file in files} >= FORMATS


def test_the_expected_span_stands_in_a_cited_sentence(
    answers: dict[str, dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    answerable = [question for question in QUESTIONS if question["answerable"]]
    missed = [question["id"] for question in answerable if not _answered(question, answers[question["id"]])]
    right = f"{len(answerable) - len(missed)} of {len(answerable)}; missed: {missed}"
    record_property("expected span in a cited sentence", right)
    assert len(answerable) >= 40
    assert len(missed) <= 0.3 * len(answerable)


def test_what_nobody_wrote_down_is_not_answered(
    answers: dict[str, dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    unanswerable = [question["id"] for question in QUESTIONS if not question["answerable"]]
    refused = [name for name in unanswerable if answers[name]["answer_mode"] == "no_answer"]
    answered = sorted(set(unanswerable) - set(refused))
    record_property("no_answer", f"{len(refused)} of {len(unanswerable)}; answered: {answered}")
    assert len(unanswerable) >= 8
    assert len(refused) >= 0.75 * len(unanswerable)


def test_no_sentence_is_uncited(answers: dict[str, dict[str, Any]]) -> None:
    for answer in answers.values():
        quotes = [quote for citation in answer["citations"] for quote in citation["quotes"]]
        if answer["answer_mode"] == "no_answer":
            assert quotes == []
            continue
        assert answer["answer_mode"] == "extractive"
        assert not answer["is_degraded"]
        rest = answer["answer"]
        for citation in answer["citations"]:
            for quote in citation["quotes"]:
                assert quote in citation["text"]
                rest = rest.replace(quote, "", 1)
            rest = rest.replace(f"[{citation['number']}]", "")
        assert rest.strip() == ""


def _answered(question: dict[str, Any], answer: dict[str, Any]) -> bool:
    quotes = [quote for citation in answer["citations"] for quote in citation["quotes"]]
    return any(span in quote for span in question["expected"] for quote in quotes)
