"""Which languages a question may be in.

Questions are too short for a statistical detector (below 60 letters it guesses), but their function words tell: the
languages that know most of the question's words as stop words are searched, all of them where they tie.
"""

import re
from typing import Final

import stopwordsiso

_CANDIDATES: Final = (
    "en",
    "de",
    "es",
    "fr",
    "it",
    "nl",
    "pt",
    "ru",
    "sv",
    "da",
    "no",
    "fi",
    "pl",
    "tr",
    "hu",
    "ro",
    "el",
)
_WITHOUT_A_HINT: Final = ("en", "de", "es", "fr")
_BY_SCRIPT: Final = (("ru", re.compile(r"[\u0400-\u04ff]")), ("el", re.compile(r"[\u0370-\u03ff]")))
_MOST: Final = 3
_UNSTEMMED: Final = ""
_WORD: Final = re.compile(r"[^\W\d_]{2,}")  # the lists call single letters stop words


def question_languages(text: str) -> tuple[str, ...]:
    """ISO 639-1 codes, likeliest first, then "" (no stemming), as texts of an unknown language are indexed."""
    found = [word.casefold() for word in _WORD.findall(text)]
    known = {code: sum(word in _STOP_WORDS[code] for word in found) for code in _CANDIDATES}
    most = max(known.values())
    likely = [code for code in _CANDIDATES if known[code] == most][:_MOST] if most else _by_script(text)
    return (*likely, _UNSTEMMED)


def _by_script(text: str) -> tuple[str, ...]:
    return next(((code,) for code, letters in _BY_SCRIPT if letters.search(text)), _WITHOUT_A_HINT)


_STOP_WORDS: Final = {code: frozenset(stopwordsiso.stopwords(code)) for code in _CANDIDATES}
