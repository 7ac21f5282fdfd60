"""What the words around a name, and the way it is written, say of it."""

import re
import unicodedata
from functools import cache
from typing import Final

import stopwordsiso

from lethe.privacy.discovery.folding import fold
from lethe.privacy.discovery.names import PARTICLES, TITLES

_WORD: Final = re.compile(r"[^\W\d_]+")
_BEFORE: Final = re.compile(r"([^\W\d_][\w'’-]*)([ \t]+|-)$")
_AFTER: Final = re.compile(r"([ \t]+|-)([^\W\d_][\w'’-]*)")
_LOOK: Final = 40
_LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da")


def capital_words(text: str) -> bool:
    """Whether every word that may begin a name does so with a capital letter, as far as its script has any."""
    words = [
        word
        for word in _WORD.findall(unicodedata.normalize("NFC", text))
        if word.casefold() not in PARTICLES and word.casefold() != "s"
    ]
    return all(not word[0].islower() for word in words)


def is_joined(text: str, start: int, end: int) -> bool:
    """Whether a hyphen joins a word to it."""
    before, after = _BEFORE.search(text, max(0, start - _LOOK), start), _AFTER.match(text, end, end + _LOOK)
    return bool((before and before[2] == "-") or (after and after[1] == "-"))


def is_in_longer_name(text: str, start: int, end: int) -> bool:
    """Whether a capitalised word that is no function word or title stands beside it: it may be another's name."""
    before, after = _BEFORE.search(text, max(0, start - _LOOK), start), _AFTER.match(text, end, end + _LOOK)
    beside = [found for found in (before and before[1], after and after[2]) if found]
    return is_joined(text, start, end) or any(_may_be_name(word) for word in beside)


def _may_be_name(word: str) -> bool:
    return word[0].isupper() and fold(word) not in TITLES and fold(word) not in _function_words()


@cache
def _function_words() -> frozenset[str]:
    return frozenset(fold(word) for language in _LANGUAGES for word in stopwordsiso.stopwords(language))
