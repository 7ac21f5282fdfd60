"""Counting a provider's tokens here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lethe.adapters.embedding.counting import Cl100kTokenizer, EstimatingTokenizer
from lethe.ports.embedding import Tokenizer

CL100K = Cl100kTokenizer(8_191)
ESTIMATE = EstimatingTokenizer(512)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        # OpenAI's cookbook, "How to count tokens with tiktoken", cl100k_base.
        ("antidisestablishmentarianism", 6),
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 9),
        ("tiktoken is great!", 6),
        ("", 0),
    ],
)
def test_counts_are_those_openai_publishes(text: str, tokens: int):
    assert len(CL100K.offsets(text)) == tokens


def test_special_tokens_in_a_text_are_text():
    assert len(CL100K.offsets("<|endoftext|>")) > 1


@pytest.mark.parametrize("tokenizer", [CL100K, ESTIMATE])
@given(text=st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_spans_are_in_order_and_cover_all_but_white_space(tokenizer: Tokenizer, text: str):
    spans = tokenizer.offsets(text)
    assert spans == sorted(spans)
    assert all(start <= end for start, end in spans)
    covered = {place for start, end in spans for place in range(start, end)}
    assert covered == {place for place, character in enumerate(text) if not character.isspace()}


def test_the_estimate_is_above_the_count_in_prose():
    prose = "An embedding is a list of numbers; two of them are near if their texts mean alike, in whatever words. " * 5
    assert len(CL100K.offsets(prose)) <= len(ESTIMATE.offsets(prose)) <= 2 * len(CL100K.offsets(prose))
