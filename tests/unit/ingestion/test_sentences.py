import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lethe.ingestion.sentences import sentence_spans


def split(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["One is here.", "Two is there.", "Three!", "Four?"],
        ["Dr. Haverkate met Mr. J. Brandt at 8.30 a.m. in room No. 4.", "They talked."],
        ["It costs 3.50 euros, i.e. more than before.", "Fig. 2 shows it."],
        ["He said: “Stop.”", "Then he left."],
        ["1. Take the lid off.", "Turn it."],
        ["これは文です。", "次の文です。"],
        ["Das gilt z.B. für Bojen.", "Und für Ketten."],
        ["Is it version 2.0?", "Yes."],
        ["यह वाक्य है।", "दूसरा वाक्य।"],
        ["Wait... what happened?", "Nothing."],
    ],
)
def test_ends_where_a_reader_ends(parts: list[str]) -> None:
    assert split(" ".join(parts)) == parts


def test_a_line_break_that_was_kept_ends_a_sentence() -> None:
    assert split("Staithe Road 4\nOstermere") == ["Staithe Road 4", "Ostermere"]


@given(st.text("ab .!?\n。\"'”A1", max_size=60))
def test_the_sentences_cover_the_text(text: str) -> None:
    spans = sentence_spans(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


@pytest.mark.parametrize("text", ["." * 200_000 + "x", "e.g. " * 40_000, "a" * 400_000, "?!" * 100_000, "।" * 200_000])
def test_takes_no_longer_than_the_text_is_long(text: str) -> None:
    started = time.perf_counter()
    sentence_spans(text)
    assert time.perf_counter() - started < 5
