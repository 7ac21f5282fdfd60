from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lethe.answering.sentences import sentences


def texts(text: str, language: str = "en") -> list[str]:
    return [sentence.text for sentence in sentences(text, language)]


@given(st.text(max_size=300))
def test_a_sentence_stands_where_it_says_and_nothing_with_a_letter_is_lost(text: str):
    found = sentences(text, "en")
    assert all(text[one.start : one.end] == one.text for one in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert sum(map(str.isalnum, text)) == sum(character.isalnum() for one in found for character in one.text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Smith came at 9.30 a.m. to Rye. He left.", ["Dr. Smith came at 9.30 a.m. to Rye.", "He left."]),
        ("See Fig. 3 for v1.2.3. Done.", ["See Fig. 3 for v1.2.3.", "Done."]),
        ('"Really?" he said. Yes.', ['"Really?" he said.', "Yes."]),
        ("A long line of prose that an editor has wrapped here\nends here. Next.",
         ["A long line of prose that an editor has wrapped here\nends here.", "Next."]),
        ("A heading\n\nIts text. More text.", ["A heading", "Its text.", "More text."]),
        ("- one thing\n- another. And more", ["- one thing", "- another.", "And more"]),
        ("| a | b |\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("From: a@b.c\nTo: d@e.f", ["From: a@b.c", "To: d@e.f"]),
        ("name: Bolt M8; location: Hall B shelf 5; supplier: Ironworks\nname: Nut M8; location: Hall C shelf 1",
         ["name: Bolt M8; location: Hall B shelf 5; supplier: Ironworks", "name: Nut M8; location: Hall C shelf 1"]),
        ("Well 😀. Yes 🎉.", ["Well 😀.", "Yes 🎉."]),
        ("*** --- ***", []),
        ("", []),
    ],
)  # fmt: skip
def test_sentences(text: str, expected: list[str]):
    assert texts(text) == expected


def test_other_languages_and_unknown_ones():
    assert texts("Siehe Abs. 2 z. B. bei Dr. Müller. Preis: 3,50 €.", "de") == [
        "Siehe Abs. 2 z. B. bei Dr. Müller.",
        "Preis: 3,50 €.",
    ]
    assert texts("これは文です。次の文です。", "ja") == ["これは文です。", "次の文です。"]
    assert texts("One. Two.", "und") == ["One.", "Two."]
    assert texts("One. Two.", "") == ["One.", "Two."]


def test_a_question_asks_and_a_heading_is_not_closed():
    asks, tells, heading = sentences("Is it lost? No, it is not.\n\nMore questions", "en")
    assert (asks.is_question, tells.is_question) == (True, False)
    assert (tells.is_closed, heading.is_closed) == (True, False)
