import time

import pytest

from lethe.errors import NoText
from lethe.ingestion.characters import normalise, starts_cluster
from lethe.ingestion.cleaning import clean
from lethe.ports.parsing import Element, ElementKind, ParsedDocument


def text(content: str, page: int | None = None) -> Element:
    return Element(ElementKind.TEXT, content, page=page)


def title(content: str, level: int = 1, page: int | None = None) -> Element:
    return Element(ElementKind.TITLE, content, level, page)


def cleaned(*elements: Element, own_title: str = "", stem: str = "") -> list[str]:
    return [element.text for element in clean(ParsedDocument(elements, own_title), stem).elements]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Cafe\u0301", "Café"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
        ("a\u00a0b\u2003c\td", "a b c d"),
        ("bell\x07 and nul\x00", "bell and nul"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("ﬁrst ﬂoor oﬃce", "first floor office"),
        ("lone\ud800surrogate", "lone\ufffdsurrogate"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("safe\u202eevil\u202c", "safeevil"),
        ("hidden\U000e0041\U000e0042", "hidden"),
    ],
)
def test_characters_become_what_a_reader_sees(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


def test_a_cut_leaves_marks_with_their_letters() -> None:
    assert not starts_cluster("e\u0301", 1)
    assert not starts_cluster("👩\u200d🚀", 1)
    assert not starts_cluster("👩\u200d🚀", 2)
    assert not starts_cluster("👍🏽", 1)
    assert [starts_cluster("🇩🇪🇪🇸", at) for at in range(5)] == [True, False, True, False, True]
    assert starts_cluster("ab", 1)


WRAPPED = """The mooring rope is one and a half times as long as the
greatest depth of the water, and its upper end is re-
placed after three years of use in fresh water."""


def test_lines_that_a_program_wrapped_are_joined_and_words_made_whole() -> None:
    assert cleaned(text(WRAPPED)) == [
        (
            "The mooring rope is one and a half times as long as the greatest depth of the water, and its upper end is "
            "replaced after three years of use in fresh water."
        )
    ]


def test_a_compound_keeps_its_hyphen_where_the_document_writes_it_so() -> None:
    first = text("A well-known buoy is used by the well-known company in all of the well-\nknown lakes of the north.")
    assert cleaned(first)[0].endswith("well-known lakes of the north.")


def test_lines_that_were_broken_on_purpose_stay() -> None:
    address = "Mereholt Instruments\nStaithe Road 4\nOstermere"
    labels = "Author: Ingeborg Saltvedt of Ostermere\nStatus: Final and in force\nCreated: 3 March 2024, in the evening"
    heading = "Hotels\nThe company pays rooms of up to 120 euros a night including breakfast in most of the towns."
    assert cleaned(text(address), text(labels), text(heading)) == [address, labels, heading]


def test_scripts_without_spaces_are_joined_without_one() -> None:
    assert (
        cleaned(text("この文書は湖の観測について説明するためのものであり、毎年一回改訂さ\nれることになっています。"))[
            0
        ].count(" ")
        == 0
    )


def test_code_keeps_its_lines_and_indentation() -> None:
    code = "def f():\n    return 1  # one"
    assert cleaned(Element(ElementKind.CODE, code + "   \n\n")) == [code]


def test_headers_and_footers_that_repeat_are_removed() -> None:
    pages = [
        element
        for page, word in enumerate(("here", "there", "below", "above"), 1)
        for element in (
            text("Mereholt Instruments | Annual report", page),
            text(f"What stands {word} alone, and in no other place.", page),
            text(f"Confidential - page {page} of 4", page),
        )
    ]
    assert cleaned(*pages) == [
        f"What stands {word} alone, and in no other place." for word in ("here", "there", "below", "above")
    ]


def test_a_header_inside_a_block_is_removed_line_by_line() -> None:
    words = ("here", "there", "below", "above")
    pages = [text(f"ACME Ltd {page}\nWords that stand {word}.", page) for page, word in enumerate(words, 1)]
    assert cleaned(*pages) == [f"Words that stand {word}." for word in words]


def test_a_running_title_stays_where_it_is_the_title() -> None:
    pages = [
        element
        for page, word in enumerate(("one", "two", "three"), 1)
        for element in (title("The manual", page=page), text(f"Word {word}.", page))
    ]
    assert cleaned(*pages) == ["The manual", "Word one.", "Word two.", "Word three."]


def test_lines_with_numbers_of_their_own_stay() -> None:
    pages = [
        text(f"In {year} we sold {sold} buoys.", page)
        for page, (year, sold) in enumerate([(2021, 9), (2023, 4), (2024, 17)], 1)
    ]
    assert len(cleaned(*pages)) == 3


def test_a_sentence_that_repeats_inside_pages_stays() -> None:
    pages = [
        text(line, page)
        for page, word in enumerate(("here", "there", "below", "above"), 1)
        for line in (f"A {word}.", f"B {word}.", "Switch the power off.", f"C {word}.", f"D {word}.")
    ]
    assert cleaned(*pages).count("Switch the power off.") == 4


def test_the_number_of_a_page_is_not_text() -> None:
    assert cleaned(text("Words.", 1), text("Page 1 of 1", 1)) == ["Words."]
    assert cleaned(text("There are 12.", 1), text("12", 1)) == ["There are 12.", "12"]


def test_headers_of_a_word_file_stay_once() -> None:
    header = Element(ElementKind.HEADER, "Policy P-7, in force since May")
    number = Element(ElementKind.FOOTER, "Page 3")
    assert cleaned(header, text("Words."), header, number) == ["Policy P-7, in force since May", "Words."]


def test_a_paragraph_cut_by_a_page_end_is_whole_again() -> None:
    halves = cleaned(text("After contact", 1), text("with the skin, rinse.", 2), text("Then rest.", 2))
    assert halves == ["After contact with the skin, rinse.", "Then rest."]


def test_titles() -> None:
    def guessed(*elements: Element, own: str = "", stem: str = "") -> str:
        return clean(ParsedDocument(elements, own), stem).title

    words = text("Words.")
    assert guessed(title("Heading"), words, own="Its own") == "Its own"
    assert guessed(title("Grebe buoy"), words, own="Grebe buoy - Mereholt") == "Grebe buoy"
    assert guessed(title("A\n heading"), words, stem="file") == "A heading"
    assert guessed(title("1. First part"), words, stem="file") == "file"
    assert guessed(words, stem="travel policy") == "travel policy"
    assert guessed(words) == ""


@pytest.mark.parametrize("content", ["", " \n\t ", "\u200b\ufeff", "---", "• • •"])
def test_nothing_to_read_is_no_text(content: str) -> None:
    with pytest.raises(NoText):
        clean(ParsedDocument((text(content),)))


def test_the_text_is_the_elements_at_their_starts() -> None:
    document = clean(ParsedDocument((title("One"), text("Two two."), text("Three."))))
    assert document.text == "One\n\nTwo two.\n\nThree."
    assert [document.text[start:][:3] for start in document.starts()] == ["One", "Two", "Thr"]


@pytest.mark.parametrize(
    "content", ["a" * 500_000, "a-\n" * 100_000, "\u00ad" * 300_000 + "x", (" " * 300_000) + "y", "12 " * 90_000]
)
def test_takes_no_longer_than_the_text_is_long(content: str) -> None:
    started = time.perf_counter()
    clean(ParsedDocument((text(content, 1), Element(ElementKind.HEADER, content), Element(ElementKind.CODE, content))))
    assert time.perf_counter() - started < 10
