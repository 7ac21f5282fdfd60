"""What a question must be before anything is done with it."""

import unicodedata
from typing import Final

from lethe.errors import InvalidRequest, QuestionTooLong
from lethe.guards.text import TAG_FIRST, TAG_LAST

_LINE_BREAKS_AND_TABS: Final = frozenset("\t\n\r")
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs"})
_OVERRIDES: Final = frozenset("\u202d\u202e")
"""They make a text read otherwise than it is; the marks and isolates that right-to-left scripts use may stay."""
_EMPTY: Final = dict.fromkeys(map(ord, "\u200b\u2060\u2061\u2062\u2063\u2064\ufeff"))
"""Characters that nobody sees and that part words; not the joiners, which scripts and emoji need."""
_FLAG: Final = "\U0001f3f4"


def guard_question(text: str, max_characters: int) -> str:
    """The question in NFC, without white space around it and without empty characters; symbols stay.

    Raises QuestionTooLong (it is never cut) and InvalidRequest (empty, or a character that is not text: a control, a
    lone surrogate, a noncharacter, an override of the reading direction, a tag outside a flag).
    """
    if len(text) > max_characters:
        raise QuestionTooLong(f"The question has {len(text)} characters; {max_characters} are allowed")
    for position, character in enumerate(text):
        if not character.isascii() and _is_tag(character) and _follows_flag(text, position):
            continue
        if _is_refused(character):
            raise InvalidRequest(f"question: character {position} (U+{ord(character):04X}) is not text")
    guarded = unicodedata.normalize("NFC", text.translate(_EMPTY)).strip()
    if not any(unicodedata.category(character)[0] in "LNPS" for character in guarded):
        raise InvalidRequest("question: must not be empty")
    if len(guarded) > max_characters:
        raise QuestionTooLong(f"The question has {len(guarded)} characters in NFC; {max_characters} are allowed")
    return guarded


def _is_refused(character: str) -> bool:
    if character in _LINE_BREAKS_AND_TABS:
        return False
    code = ord(character)
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return (
        unicodedata.category(character) in _REFUSED_CATEGORIES
        or is_noncharacter
        or character in _OVERRIDES
        or _is_tag(character)
    )


def _is_tag(character: str) -> bool:
    return TAG_FIRST <= ord(character) <= TAG_LAST


def _follows_flag(text: str, position: int) -> bool:
    """Flags of regions are a black flag and at most seven tags."""
    before = text[max(0, position - 7) : position]
    flag = before.rfind(_FLAG)
    return flag >= 0 and all(_is_tag(character) for character in before[flag + 1 :])
