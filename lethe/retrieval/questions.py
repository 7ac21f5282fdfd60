"""What a question must be before anything is done with it."""

import unicodedata
from typing import Final

from lethe.errors import InvalidRequest, QuestionTooLong

_LINE_BREAKS_AND_TABS: Final = frozenset("\t\n\r")
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs"})


def guard_question(text: str, max_characters: int) -> str:
    """The question in NFC, without white space around it; symbols stay.

    Raises QuestionTooLong (it is never cut) and InvalidRequest (empty, a control character, a lone surrogate).
    """
    if len(text) > max_characters:
        raise QuestionTooLong(f"The question has {len(text)} characters; {max_characters} are allowed")
    for position, character in enumerate(text):
        if unicodedata.category(character) in _REFUSED_CATEGORIES and character not in _LINE_BREAKS_AND_TABS:
            raise InvalidRequest(f"question: character {position} (U+{ord(character):04X}) is not text")
    guarded = unicodedata.normalize("NFC", text).strip()
    if not guarded:
        raise InvalidRequest("question: must not be empty")
    if len(guarded) > max_characters:
        raise QuestionTooLong(f"The question has {len(guarded)} characters in NFC; {max_characters} are allowed")
    return guarded
