import subprocess
import sys

import pytest

from lethe.ingestion.languages import UNKNOWN, detect_language, document_languages

ENGLISH = (
    "The buoy sends its readings once an hour, and the portal shows them in a table that anybody can download. " * 3
)
GERMAN = "Die Boje sendet ihre Werte einmal in der Stunde, und das Portal zeigt sie in einer Tabelle für alle an. " * 3
SPANISH = "La boya envía sus lecturas una vez por hora, y el portal las muestra en una tabla que todos pueden ver. " * 3
RUSSIAN = "Буй передаёт свои показания один раз в час, и портал показывает их в таблице, доступной для всех. " * 3


@pytest.mark.parametrize(("text", "code"), [(ENGLISH, "en"), (GERMAN, "de"), (SPANISH, "es"), (RUSSIAN, "ru")])
def test_tells_languages_apart(text: str, code: str) -> None:
    assert detect_language(text) == code
    assert document_languages([text]).main == code


def test_the_same_text_gives_the_same_code_every_time() -> None:
    mixed = GERMAN[:200] + ENGLISH[:220]
    assert len({detect_language(mixed) for _ in range(20)}) == 1


@pytest.mark.parametrize("text", ["", "42 17 3.5", "OK", "RMA-2024-001", "????"])
def test_says_that_it_does_not_know(text: str) -> None:
    assert detect_language(text) == UNKNOWN
    assert document_languages([text]).main == UNKNOWN


def test_short_parts_have_their_documents_language() -> None:
    languages = document_languages([GERMAN * 6, ENGLISH * 3])
    assert (languages.main, languages.is_mixed) == ("de", True)
    assert languages.of_part("Hotel") == "de"
    assert languages.of_part(ENGLISH) == "en"


def test_a_document_in_one_language_is_not_looked_at_again() -> None:
    languages = document_languages([ENGLISH * 4])
    assert not languages.is_mixed
    assert languages.of_part(GERMAN) == "en"


def test_the_first_texts_of_a_process_are_told_right_also_side_by_side() -> None:
    """In a fresh process: the profiles are loaded at the first detection, which several threads may come to at once."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from lethe.ingestion.languages import detect_language\n"
        "text = 'The ferry to the island leaves at nine in the morning, and again in the late afternoon. ' * 2\n"
        "with ThreadPoolExecutor(8) as pool:\n"
        "    print(set(pool.map(detect_language, [text] * 8)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{'en'}"
