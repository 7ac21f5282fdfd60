"""Whether two questions in different words ask the same: a yes must be certain, a no may be wrong.

Embeddings put "in 2023" beside "in 2024" and "may I" beside "may I not", so closeness decides nothing here. Word by
word the two must have the same figures, dates, denials, kind of answer, tense and content, in the same order; content
words may differ by inflection or as plain synonyms (`synonyms.py`). Made for English: in another language hardly more
than the same words with other politeness, case or marks passes.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lethe.answering.synonyms import (
    ARTICLES,
    AUXILIARIES,
    CONTRACTIONS,
    DATES,
    DENIALS,
    DERIVED,
    KINDS,
    LINKS,
    NUMERALS,
    PHRASES,
    PREPOSITIONS,
    SYNONYMS,
    TURNS,
)
from lethe.answering.wording import plain_wording
from lethe.answering.words import stem

_TOKEN: Final = re.compile(r"[^\W_]+(?:[-.,:/@+&][^\W_]+)*(?:\+\+|#)?|[%€$£<>=±+-](?=\s*\d)|(?<=\d)%|(?<=\d )%")
_FRONTED: Final = re.compile(
    r"^(?P<clause>(?:in|on|at|for|during|since|by|within|under|as of|according to)\b[^,?]{1,60}),\s+(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_LANGUAGE: Final = "en"


class Difference(StrEnum):
    """In what two questions differ first."""

    FIGURES = "figures"
    DATES = "dates"
    DENIAL = "denial"
    KIND = "kind"
    TENSE = "tense"
    TURN = "turn"
    WORDS = "words"
    ORDER = "order"


@dataclass(slots=True)
class _Read:
    """A question taken apart. ``phrases`` are runs of content words, in which each figure, date, denial and word that
    turns a question around has its place.
    """

    figures: list[str] = field(default_factory=list[str])
    dates: list[str] = field(default_factory=list[str])
    denials: list[str] = field(default_factory=list[str])
    kind: str = ""
    tense: set[str] = field(default_factory=set[str])
    turns: list[str] = field(default_factory=list[str])
    phrases: list[list[str]] = field(default_factory=lambda: [[]])

    @property
    def content(self) -> list[str]:
        return [word for phrase in self.phrases for word in phrase]


def difference(one: str, other: str) -> Difference | None:
    """In what the questions differ; None: they ask the same."""
    if plain_wording(one) == plain_wording(other):
        return None
    first, second = _read(one), _read(other)
    compared: Iterable[tuple[Difference, object, object]] = (
        (Difference.FIGURES, first.figures, second.figures),
        (Difference.DATES, first.dates, second.dates),
        (Difference.DENIAL, Counter(first.denials), Counter(second.denials)),
        (Difference.KIND, first.kind, second.kind),
        (Difference.TENSE, first.tense, second.tense),
        (Difference.TURN, Counter(first.turns), Counter(second.turns)),
        (Difference.WORDS, Counter(first.content), Counter(second.content)),
        (Difference.ORDER, first.content, second.content),
    )
    return next((what for what, left, right in compared if left != right), None)


def _read(question: str) -> _Read:
    read = _Read()
    text = plain_wording(question)
    if fronted := _FRONTED.match(_expanded(question)):
        text = plain_wording(f"{fronted['rest'].rstrip('?!. ')} {fronted['clause']}")
    tokens = list(_tokens(_phrased(_expanded(text))))
    joins: list[int] = []
    for word in tokens:
        if word == "of":
            joins.append(len(read.phrases))
            read.phrases.append([])
        else:
            _sort(read, word)
    _turn_around(read, joins)
    read.kind = read.kind or ("whether" if tokens and tokens[0] in AUXILIARIES.keys() | TURNS.keys() else "")
    return read


def _sort(read: _Read, token: str) -> None:
    """Put a token where it belongs."""
    if token in KINDS and not read.kind:
        read.kind = KINDS[token]
    elif figure := _figure(token):
        read.figures.append(figure)
        read.phrases[-1].append("#")
    elif token in DATES:
        read.dates.append(DATES[token])
        read.phrases[-1].append("@date")
    elif token in DENIALS:
        read.denials.append(DENIALS[token])
        read.phrases[-1].append(f"@{DENIALS[token]}")
    elif token in TURNS:
        _turn(read, token)
    else:
        _word(read, token)


def _turn(read: _Read, token: str) -> None:
    if token in PREPOSITIONS:
        read.phrases.append([])
    read.turns.append(TURNS[token])
    read.phrases[-1].append(f"@{TURNS[token]}")


def _word(read: _Read, token: str) -> None:
    if token in AUXILIARIES:
        read.tense |= {AUXILIARIES[token]} - {""}
        read.phrases.append([])
    elif token in LINKS:
        read.phrases.append([])
    elif token not in ARTICLES:
        read.phrases[-1].append(_content(token))


def _turn_around(read: _Read, joins: Sequence[int]) -> None:
    """From "the height of the tower" to "the tower height"; from the right, so that "A of B of C" is "C B A"."""
    phrases = [list(phrase) for phrase in read.phrases]
    for place in reversed(joins):
        if 0 < place < len(phrases):
            phrases[place - 1 : place + 1] = [phrases[place] + phrases[place - 1]]
    read.phrases = [phrase for phrase in phrases if phrase] or [[]]


def _figure(token: str) -> str:
    """A number in digits or words, an ordinal, an identifier, a sign before a number; else nothing."""
    if token in NUMERALS:
        return NUMERALS[token]
    if any(character.isdigit() for character in token):
        ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", token)
        if ordinal:
            return f"{ordinal[1]}th"
        return re.sub(r",(?=\d{3}\b)", "", token) if re.fullmatch(r"[\d.,:/]+", token) else token.replace("-", "")
    return token if token in {"%", "€", "$", "£", "<", ">", "=", "±", "-", "+"} else ""


def _content(token: str) -> str:
    """The one word for all its inflections and synonyms; an acronym is itself."""
    if token.isupper():
        return token
    found = stem(_LANGUAGE, token)
    derived = DERIVED.search(token)
    named = SYNONYMS.get(token) or SYNONYMS.get(token.removesuffix("s"))
    return named or (f"{found}:{derived[0]}" if derived else SYNONYMS.get(found, found))


def _expanded(text: str) -> str:
    for pattern, plain in CONTRACTIONS:
        text = pattern.sub(plain, text)
    return text


def _phrased(text: str) -> str:
    for pattern, plain in PHRASES:
        text = pattern.sub(plain, text)
    return text


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        token = match.group()
        parts = token.split("-")
        # "24-hour" and "part-time" are two words; X-900 is one identifier.
        is_compound = len(parts) > 1 and all(part.isdigit() or (part.isalpha() and len(part) > 2) for part in parts)
        yield from parts if is_compound else (token,)
