"""Simple questions go to cheap models: the rule, and the order it makes of a chain."""

import pytest

from lethe.answering.routing import Difficulty, in_order, route
from lethe.settings import ChainEntry

CHAIN = [
    ChainEntry.model_validate(name)
    for name in ("openai:big:strong", "openai:small:cheap", "cohere:all", "cohere:large:strong")
]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("How tall is the lighthouse of Varnholm?", "simple"),
        ("Who is the ombudsperson?", "simple"),
        ("Why did the buoy break loose?", "simple: asks_why"),
        ("What is the difference between the Heron 2 and the Heron 3?", "complex: compares"),
        ("Fasse den Bericht zusammen und erkläre die Ursache.", "complex: sums_up"),
        ("How tall is it? Who built it?", "complex: several_questions"),
        ("Why did the X-900, the X-901 and the X-902 fail?", "complex: asks_why, joined, many_exact"),
        ("por qué se rompió la boya", "simple: asks_why"),
    ],
)
def test_the_decision_says_what_it_was_made_by(question: str, told: str) -> None:
    assert str(route(question)) == told


def test_models_for_such_questions_come_first_and_no_model_is_lost() -> None:
    assert [entry.model for entry in in_order(CHAIN, Difficulty.SIMPLE)] == ["small", "all", "big", "large"]
    assert [entry.model for entry in in_order(CHAIN, Difficulty.COMPLEX)] == ["big", "all", "large", "small"]
