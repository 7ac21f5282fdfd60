"""Texts as they are compared: case, accents, compatibility forms and invisible characters say nothing of who is meant.

Every character folds by itself, so that a place in the folded text leads back to one in the text.
"""

import re
import unicodedata
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Final

_LETTERS: Final = {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ß": "ss", "þ": "th", "ð": "d"}
_DIGITS: Final = re.compile(r"\d")
_MARKS: Final = dict.fromkeys("‐‑‒–—―−", "-") | dict.fromkeys("’‘ʼ`´", "'")


class _Folds(dict[int, str]):
    """What `str.translate` asks for each character, made once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character) == "Cf":
            folded = ""
        else:
            parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
            bare = (part for part in parts if not unicodedata.combining(part))
            folded = "".join(_MARKS.get(part, _LETTERS.get(part, part)) for part in bare)
        self[code] = folded
        return folded


_FOLDS: Final = _Folds()


def fold(text: str) -> str:
    """Lower case without accents; what one keyboard cannot type becomes what it can."""
    return text.lower().replace("`", "'") if text.isascii() else text.translate(_FOLDS)


WORD: Final = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")


class Folded:
    """A text and its folded form, which is made once for all that is looked for in it."""

    def __init__(self, original: str) -> None:
        self.original = original
        self.text = fold(original)

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(WORD.findall(self.text))

    @cached_property
    def has_digits(self) -> bool:
        return _DIGITS.search(self.text) is not None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a span of the folded text is in the original; marks on its last character belong to it."""
        if self._ends is None:
            return start, end
        first = bisect_right(self._ends, start)
        last = bisect_right(self._ends, end - 1)
        while last + 1 < len(self._ends) and self._ends[last + 1] == self._ends[last]:
            last += 1
        return first, last + 1

    @cached_property
    def _ends(self) -> list[int] | None:
        """Per character of the original where its folded form ends; None if nothing moves."""
        if self.original.isascii():
            return None
        return list(accumulate(len(_FOLDS[ord(character)]) for character in self.original))
