import pytest

from lethe.answering.asked import asked, meets
from lethe.answering.expected import Expected, expected_of
from lethe.answering.words import words


def forms(text: str, language: str = "en") -> list[str]:
    return [word.form for word in words(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X-900 x900 v1.2.3", ["x900", "x900", "v123"]),
        ("1,000 1000 3.50 3,5 9:30", ["1000", "1000", "3.50", "3,5", "9:30"]),
        ("24-month 30cm 2026-03-01", ["24", "month", "30", "cm", "2026", "03", "01"]),
        ("price-list-2026.csv Heron-3 ISO-9001", ["price", "list", "2026", "csv", "heron", "3", "iso", "9001"]),
        ("air-conditioned batteries", ["air", "condit", "batteri"]),
    ],
)
def test_numbers_identifiers_and_compounds(text: str, expected: list[str]):
    assert forms(text) == expected


@pytest.mark.parametrize(
    ("question", "text", "is_met"),
    [
        ("the X-900", "the X 900 is here", True),
        ("the X-900", "the X-800 is here", False),
        ("the Heron 4", "4 of the Heron 3", False),
        ("the Heron 3", "a Heron-3", True),
        ("in May 2019", "on 3 May, late in 2019", True),
        ("every 15 minutes", "15-minute readings", True),
        ("a pack of 30 cm", "it is 30cm long", True),
        ("2 of 3", "2 and 30", False),
    ],
)
def test_what_must_be_met_to_the_letter(question: str, text: str, is_met: bool):
    assert meets(asked(f"What about {question}?", "en").exact, forms(text)) == is_met


def test_names_are_what_is_capitalised_inside_a_question_but_not_in_german():
    assert asked("Who founded Mereholt Instruments in May?", "en").names == {"mereholt", "instrument"}
    assert asked("Wer hat das Unternehmen gegründet?", "de").names == frozenset()


def test_function_words_weigh_nothing():
    assert set(asked("When was the lighthouse built?", "en").weights) == {"lighthous", "built"}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many patents are there?", Expected.NUMBER),
        ("How long is it?", Expected.NUMBER),
        ("Until when is it open?", Expected.TIME),
        ("In which year was it built?", Expected.TIME),
        ("Who built it?", Expected.NAME),
        ("Why is it red?", Expected.ANYTHING),
        ("Wie viele sind es?", Expected.NUMBER),
        ("¿Cuánto cuesta?", Expected.NUMBER),
        ("Wo liegt es?", Expected.NAME),
    ],
)
def test_what_a_question_asks_for(question: str, expected: Expected):
    assert expected_of(question) is expected
