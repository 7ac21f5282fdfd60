"""Prompts are versioned: a name keeps its text, and the one in use is told."""

import pytest

from lethe.answering.context import Shown
from lethe.answering.prompts import NO_ANSWER, load_prompt, prompt_names
from lethe.errors import ConfigurationError
from lethe.guards.delimiters import Delimiters

RELEASED = {
    "answer-v1": "a650d9e4b1d5",
    "answer-v2": "770fc8d58303",
}
"""A released prompt is never edited: answers of before name it. Write the next version instead."""


def test_a_released_prompt_keeps_its_text() -> None:
    assert {name: load_prompt(name).digest for name in prompt_names()} == RELEASED


def test_a_version_is_the_name_and_the_hash_of_the_text() -> None:
    assert load_prompt("answer-v1").version == f"answer-v1@{RELEASED['answer-v1']}"


@pytest.mark.parametrize("name", ["answer-v99", "", "../prompts", "answer-v1.md"])
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"answering\.prompt"):
        load_prompt(name)


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_a_prompt_has_everything_in_it(name: str) -> None:
    marks = Delimiters.fresh()
    shown = (Shown(1, 0, "It costs $5 and ${more}."), Shown(2, 1, "Two."))
    request = load_prompt(name).request("How tall is $passages?", shown, marks, 500, 0.2)
    assert (request.max_tokens, request.temperature) == (500, 0.2)
    for one in shown:
        assert marks.passage(one.number, one.text) in request.user
    assert marks.question("How tall is $passages?") in request.user
    assert NO_ANSWER in request.system
    assert "It costs" not in request.system
