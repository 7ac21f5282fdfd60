"""Text as search terms: stemming, stop words, identifiers, scripts; the two sides meet."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lethe.model.terms import MAX_TERM_CHARACTERS, index_terms, query_terms


@pytest.mark.parametrize(
    ("text", "language", "terms"),
    [
        pytest.param("The wings were generating lifts", "en", "wing generat lift", id="stems and stop words"),
        pytest.param("Die Katzen schliefen in den Häusern", "de", "katz schlief haus", id="german"),
        pytest.param("Las casas rojas de los perros", "es", "cas roj perr", id="spanish"),
        pytest.param("В домах жили кошки", "ru", "дом жил кошк", id="russian"),
        pytest.param("The WINGS Were", "xx", "the wings were", id="unknown language: case only"),
        pytest.param("The wings", "", "the wings", id="no language"),
        pytest.param("Running wings", "en-GB", "run wing", id="region"),
        pytest.param("state-of-the-art", "en", "state art", id="hyphenated words are words"),
        pytest.param("ABC-123", "en", "abc-123 abc 123", id="part number"),
        pytest.param("v1.2.3", "en", "v1.2.3 v1 2 3", id="version number"),
        pytest.param("max_batch_size", "en", "max_batch_size max batch size", id="name in code"),
        pytest.param("Jane.Roe@example.org", "en", "jane.roe@example.org jane roe exampl org", id="mail address"),
        pytest.param("C++ and C#", "en", "c++ c c# c", id="languages named by a symbol"),
        pytest.param("lift\u00a0wing\u2003\tdrag\n", "en", "lift wing drag", id="any white space"),
        pytest.param("ﬁnance ｗｉｎｇ", "en", "financ wing", id="compatibility forms"),
        pytest.param("東京都に住む", "ja", "東京 京都 都に に住 住む", id="unspaced script in pairs"),
        pytest.param("हिन्दी", "xx", "हिन्दी", id="vowel signs belong to the word"),
        pytest.param("... !? —", "en", "", id="no word"),
    ],
)
def test_terms_of_a_text(text: str, language: str, terms: str) -> None:
    assert index_terms(text, language) == terms


def test_a_question_finds_the_forms_a_text_uses() -> None:
    text = set(index_terms("Circulation generates the lift of ABC-123 wings, see RFC 3339.", "en").split())
    for question in ("How is a wing's lift generated?", "abc-123", "What does RFC 3339 say?", "circulating"):
        assert set(query_terms(question, ["en"]).split()) & text, question


def test_a_question_has_a_term_as_often_as_it_says_it_whatever_the_languages() -> None:
    assert query_terms("wings wings lift", ["en"]) == "wing wing lift"
    assert query_terms("wings wings lift", ["en", "xx", "en"]) == "wing wing lift wings wings"


def test_a_question_of_stop_words_keeps_them() -> None:
    assert query_terms("who is who", ["en"]) == "who is who"


def test_a_question_without_a_known_language_is_taken_as_it_is() -> None:
    assert query_terms("The wings", []) == "the wings"


@given(st.text(), st.sampled_from(["en", "de", "ja", "xx", ""]))
def test_terms_are_words_joined_by_one_space(text: str, language: str) -> None:
    terms = index_terms(text, language)
    assert terms == " ".join(terms.split())
    assert all(len(term) <= MAX_TERM_CHARACTERS for term in terms.split())
    assert set(query_terms(text, [language]).split()) >= set(terms.split())


def test_a_megabyte_takes_seconds_not_minutes() -> None:
    text = " ".join(f"generating{n % 5_000} wings ABC-{n % 997}" for n in range(40_000))
    started = time.perf_counter()
    index_terms(text, "en")
    assert time.perf_counter() - started < 60


def test_a_hostile_run_of_one_character_is_quick() -> None:
    for text in ("a" * 200_000, "a-" * 100_000, "-" * 200_000, "a+" * 100_000):
        started = time.perf_counter()
        index_terms(text, "en")
        assert time.perf_counter() - started < 20
