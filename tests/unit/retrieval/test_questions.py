import pytest

from lethe.errors import InvalidRequest, QuestionTooLong
from lethe.retrieval.languages import question_languages
from lethe.retrieval.questions import guard_question


def test_a_question_keeps_its_symbols_and_loses_the_space_around_it():
    assert guard_question("  What is <b>C++</b> & 50% of $3?\n", 100) == "What is <b>C++</b> & 50% of $3?"


def test_a_question_is_in_nfc():
    assert guard_question("Cafe\u0301?", 100) == "Café?"


@pytest.mark.parametrize(
    "text",
    [
        *("", " \n\t ", "\u200b\ufeff", "\u200d", "\u2028"),
        *("a\x00b", "a\x1bb", "a\ud800b", "a\udfffb", "a\x85b", "a\x7fb", "a\x9fb"),
        *("a\uffffb", "a\ufdd0b", "a\U0010fffeb"),
        *("a\u202eb", "a\u202db"),
        *("a\U000e0041\U000e0042b", "\U0001f3f4" + "\U000e0061" * 8, "\U0001f3f4a\U000e0061"),
    ],
)
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
    "text",
    [
        "DROP TABLE; -- 'quotes' \\ <script> ${x} %00 &amp; 100 %?",
        "می\u200cخواهم چیست؟",
        "قيمة \u2067X-900\u2069 كم؟",
        "👩\u200d🚀 ☕\ufe0f \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f?",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 fi ﬁ Ａ?",
        "line one\n\tline two\r\nline three",
        "x",
    ],
)
def test_symbols_scripts_and_emoji_stay_as_they_are(text: str):
    assert guard_question(text, 100) == text


def test_empty_characters_do_not_part_words():
    assert guard_question("\ufeffwar\u200bran\u2060ty?", 100) == "warranty?"


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
