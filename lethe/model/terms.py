"""Text as search terms: what the keyword side of an index stores, and what a question asks it for.

Both sides go through this file. It is below the capabilities because indexing writes terms and retrieval asks for them.
A change of what a text becomes is a change of INDEX_REVISION (model.indexes): older builds no longer match.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from typing import Final

import snowballstemmer
import stopwordsiso

MAX_TERM_CHARACTERS: Final = 64

_STEMMERS: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip

# Function words only. The list of stopwordsiso for English takes "system", "bill", "test" and "information" away too,
# and gains nothing for it in hybrid search (docs/decisions, index builds).
_ENGLISH: Final = """
    a about above after again against all am an and any are as at be because been before being below between both but
    by can could did do does doing down during each few for from further had has have having he her here hers herself
    him himself his how i if in into is it its itself just me more most my myself no nor not now of off on once only or
    other our ours ourselves out over own s same shall she should so some such t than that the their theirs them
    themselves then there these they this those through to too under until up us very was we were what when where which
    while who whom whose why will with would you your yours yourself yourselves
"""

# `\w` leaves out the vowel signs that are part of words in Hebrew, Arabic, the Indic scripts and Thai.
_WORD: Final = r"[\w\u0300-\u036f\u0591-\u05c7\u064b-\u0655\u0900-\u0963\u0966-\u0dff\u0e30-\u0e4e]"
_TOKEN: Final = re.compile(rf"{_WORD}+(?:[.\-_@/:+]{_WORD}+)*(?:\+\+|#)?")
_PART: Final = re.compile(r"[.\-_@/:+#]+")
_IDENTIFIER: Final = re.compile(r".*[\d@_#]|.*\+\+", re.DOTALL)
# Scripts written without spaces: Thai, kana, Han. Overlapping pairs of characters stand for words there.
_UNSPACED: Final = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]{2,}")


def index_terms(text: str, language: str) -> str:
    """The text's terms in order, joined by one space.

    ``language`` is an ISO 639-1 code, possibly with a region; an unknown one gets no stemming and no stop words.
    Identifiers ("ABC-123", "v1.2.3", "a.b@example.org") are kept whole, and their parts beside them.
    """
    return " ".join(_terms(text, language))


def query_terms(text: str, languages: Collection[str]) -> str:
    """A question's terms, joined by one space, as the texts of each of the languages would have them.

    A term is given as often as the question has it, which is how BM25 weighs long questions. A question of stop words
    only keeps them all, unstemmed: it can then still match an unstemmed text.
    """
    counts: Counter[str] = Counter()
    for language in languages:
        counts |= Counter(_terms(text, language))
    return " ".join(counts.elements()) or index_terms(text, "")


def _terms(text: str, language: str) -> Iterator[str]:
    code = language.split("-", maxsplit=1)[0].casefold()
    stop = _stop_words(code)
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        token = match.group()
        parts = [part for part in _PART.split(token) if part]
        if parts and parts != [token] and _IDENTIFIER.match(token):
            yield token[:MAX_TERM_CHARACTERS]
        for part in parts:
            if part not in stop:
                yield from _pairs(part) if _UNSPACED.fullmatch(part) else (_stem(code, part[:MAX_TERM_CHARACTERS]),)


def _pairs(run: str) -> Iterator[str]:
    return (run[start : start + 2] for start in range(len(run) - 1))


@cache
def _stop_words(language: str) -> frozenset[str]:
    if language == "en":
        return frozenset(_ENGLISH.split())
    return frozenset(word.casefold() for word in stopwordsiso.stopwords(language))


@lru_cache(maxsize=100_000)
def _stem(language: str, word: str) -> str:
    algorithm = _STEMMERS.get(language)
    # A stemmer keeps state while it works, so threads may not share one; making one costs a microsecond.
    return snowballstemmer.stemmer(algorithm).stemWord(word) if algorithm else word  # pyright: ignore[reportUnknownVariableType]
