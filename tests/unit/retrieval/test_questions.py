import pytest

from lethe.errors import InvalidRequest, QuestionTooLong
from lethe.retrieval.languages import question_languages
from lethe.retrieval.questions import guard_question


def test_a_question_keeps_its_symbols_and_loses_the_space_around_it():
    assert guard_question("  What is <b>C++</b> & 50% of $3?\n", 100) == "What is <b>C++</b> & 50% of $3?"


def test_a_question_is_in_nfc():
    assert guard_question("Cafe\u0301?", 100) == "Café?"


@pytest.mark.parametrize("text", ["", " \n\t ", "a\x00b", "a\x1bb", "a\ud800b", "a\x85b"])
def test_what_is_not_text_is_refused(text: str):
    with pytest.raises(InvalidRequest):
        guard_question(text, 100)


def test_a_question_is_refused_when_too_long_and_never_cut():
    assert guard_question("x" * 1_000, 1_000) == "x" * 1_000
    with pytest.raises(QuestionTooLong, match="1001"):
        guard_question("x" * 1_001, 1_000)
    # U+0958 is two characters in NFC.
    with pytest.raises(QuestionTooLong):
        guard_question("\u0958" * 600, 1_000)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("How long is the warranty on the Heron 2?", "en"),
        ("Wie viele Packs dürfen höchstens im Lager stehen?", "de"),
        ("¿Cuánto cuesta al año el contrato de mantenimiento?", "es"),
        ("Quelle est la durée de la garantie de cette bouée?", "fr"),
        ("Сколько стоит этот буй и где он находится?", "ru"),
    ],
)
def test_the_languages_of_a_question_are_told_by_its_function_words(text: str, code: str):
    languages = question_languages(text)
    assert languages[0] == code
    assert languages[-1] == ""


def test_a_question_without_function_words_may_be_in_any_common_language():
    assert question_languages("X-900 42") == ("en", "de", "es", "fr", "")
