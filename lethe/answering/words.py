"""Words of a question and of a sentence, brought to a form in which they can be compared.

Not the terms of the keyword index (lethe.model.terms): here numbers and identifiers are told from words, because
an answer about product X-900 may not come from a sentence about product X-800.
"""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, cast

import snowballstemmer
import stopwordsiso

_TOKEN: Final = re.compile(r"[^\W_]+(?:[-.,:/@+'’&][^\W_]+)*")
_PARTS: Final = re.compile(r"[^\W_]+")
_STEMMERS: Final = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
_NUMBER: Final = re.compile(r"\d+(?:[.,:/]\d+)*")
_MEASURE: Final = re.compile(r"(?P<number>\d+(?:[.,]\d+)*)(?P<unit>[^\W\d_]{1,3})")
_WORD_LETTERS: Final = 3
"""Letters that make a part of a compound a word: "24-month" is two words, "MB-27" is one identifier."""
_FALLBACK: Final = "en"
"""For texts of unknown language: any stemming serves, as long as question and sentence get the same."""
_WEAK_WORD_LETTERS: Final = 6


class WordKind(Enum):
    WORD = "word"
    NUMBER = "number"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Word:
    """A word's comparable form. ``weight`` 0 for a function word, 1 for a content word."""

    form: str
    kind: WordKind
    weight: float
    is_capitalised: bool


def words(text: str, language: str) -> list[Word]:
    """The words of a text in order; compounds ("24-month", "air-conditioned") are taken apart, identifiers are not."""
    language = language if language in _STEMMERS else _FALLBACK
    return [word for token in cast("list[str]", _TOKEN.findall(text)) for word in _words_of(token, language)]


@lru_cache(maxsize=100_000)
def _words_of(token: str, language: str) -> tuple[Word, ...]:
    stops = _stop_words(language)
    return tuple(
        _exact(part) if any(character.isdigit() for character in part) else _plain(part, language, stops)
        for part in _taken_apart(token)
    )


def _taken_apart(token: str) -> list[str]:
    """A token's parts, unless together they are one number or one identifier."""
    parts = _PARTS.findall(token)
    if _NUMBER.fullmatch(token):
        return [token]
    if measure := _MEASURE.fullmatch(token):
        return [measure["number"], measure["unit"]]
    is_compound = all(part.isdigit() or (part.isalpha() and len(part) >= _WORD_LETTERS) for part in parts)
    has_digits = any(character.isdigit() for character in token)
    return parts if is_compound or not has_digits else [token]


def _exact(token: str) -> Word:
    """1,000 and 1000 are one number; X-900 and x900 are one identifier."""
    folded = token.casefold()
    if _NUMBER.fullmatch(folded):
        return Word(re.sub(r",(?=\d{3}\b)", "", folded), WordKind.NUMBER, 1.0, is_capitalised=False)
    return Word("".join(_PARTS.findall(folded)), WordKind.IDENTIFIER, 1.0, is_capitalised=False)


def _plain(part: str, language: str, stops: frozenset[str]) -> Word:
    folded = part.casefold()
    weight = 1.0
    if folded in stops:
        # The list calls "system", "member" and "length" stop words too: the longer ones count a little.
        weight = 0.0 if len(folded) < _WEAK_WORD_LETTERS else 0.25
    return Word(stem(language, folded), WordKind.WORD, weight, is_capitalised=part[0].isupper())


@lru_cache(maxsize=64)
def _stop_words(language: str) -> frozenset[str]:
    return frozenset(stopwordsiso.stopwords(language)) if stopwordsiso.has_lang(language) else frozenset()


@lru_cache(maxsize=100_000)
def stem(language: str, word: str) -> str:
    # A stemmer keeps state while it works, so threads may not share one.
    return cast("str", snowballstemmer.stemmer(_STEMMERS[language]).stemWord(word))
