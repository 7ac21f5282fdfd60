"""The forms in which a name stands in texts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lethe.privacy.discovery.folding import Folded
from lethe.privacy.discovery.forms import BEGIN, END, GAP, any_of
from lethe.privacy.discovery.matches import COMPANIONS, Match, Reason
from lethe.privacy.discovery.names import TITLES, PersonName, Word
from lethe.privacy.discovery.surroundings import capital_words, is_in_longer_name, is_joined
from lethe.privacy.discovery.typos import NearWords

_SEPARATED: Final = re.compile(r"['-]")
_INITIALS: Final = r"(?:[^\W\d_]\.?\s{0,2}){0,2}"
_BROKEN: Final = r"[\W\d_]{1,8}"
"""Between the words of a name in tables and lists."""
_MIDDLE: Final = rf"(?:{GAP}[^\W\d_]+(?:['-][^\W\d_]+)*\.?){{1,2}}"


@dataclass(frozen=True, slots=True)
class Forms:
    """Expressions by what a match of them says, and words without one of which none matches."""

    anchors: frozenset[str]
    expressions: tuple[tuple[Reason, re.Pattern[str]], ...]

    @classmethod
    def of(cls, word: Word, expressions: Iterable[tuple[Reason, str]]) -> "Forms":
        anchors = frozenset(_SEPARATED.split(spelling)[0] for spelling in word.spellings)
        return cls(anchors, tuple((reason, re.compile(form)) for reason, form in expressions))

    def find(self, folded: Folded) -> Iterator[Match]:
        if not any(anchor in folded.text for anchor in self.anchors):
            return
        for reason, expression in self.expressions:
            for match in expression.finditer(folded.text):
                start, end = folded.span(*match.span())
                told = _told(reason, folded.original, start, end)
                if told is not None:
                    yield Match(told, start, end)


@dataclass(frozen=True, slots=True)
class NameForms:
    """One name: what it is written as, and words that are nearly its own."""

    family: Forms
    given: Forms
    typos: NearWords

    @classmethod
    def of(cls, value: str) -> "NameForms | None":
        """None for a single word."""
        name = PersonName.of(value)
        if name is None:
            return None
        return cls(
            Forms.of(name.family, _with_family(name)), Forms.of(name.given[0], _of_given(name)), NearWords.of(name)
        )

    def find(self, folded: Folded) -> Iterator[Match]:
        yield from self.family.find(folded)
        yield from self.given.find(folded)
        yield from self.typos.find(folded)


def _told(reason: Reason, text: str, start: int, end: int) -> Reason | None:
    """What a match says once one looks at how it is written; None if it is another word."""
    if reason is Reason.NAME_HANDLE:
        return reason
    if not capital_words(text[start:end]):
        return Reason.NAME_LOWER_CASE if reason is Reason.NAME else None
    if reason in COMPANIONS:
        return Reason.NAME_PART if is_in_longer_name(text, start, end) else reason
    is_longer = is_in_longer_name(text, start, end) if reason is Reason.NAME else is_joined(text, start, end)
    return Reason.NAME_IN_LONGER if is_longer else reason


def _with_family(name: PersonName) -> Iterator[tuple[Reason, str]]:
    family = _family(name)
    given = [_spelled(word) for word in name.given]
    first, initial = given[0], any_of(re.escape(spelling[0]) for spelling in name.given[0].spellings)
    dotted = rf"{initial}(?:\.\s{{0,2}}|\s{{1,2}}){_INITIALS}"
    yield Reason.NAME, f"{BEGIN}{GAP.join(given)}{GAP}{family}{END}"
    yield Reason.NAME_REVERSED, rf"{BEGIN}{family}\s?,?{GAP}{first}{END}"
    yield Reason.NAME_REVERSED, rf"{BEGIN}{family}\s?,{GAP}{initial}\.?(?![^\W_])"
    yield Reason.NAME_MIDDLE, f"{BEGIN}{first}{_MIDDLE}{GAP}{family}{END}"
    if len(given) > 1:
        yield Reason.NAME_SHORT, f"{BEGIN}{first}{GAP}{family}{END}"
        # Without the first given name it may well be the whole name of somebody else.
        yield Reason.NAME_IN_LONGER, f"{BEGIN}{any_of(given[1:])}{GAP}{family}{END}"
    yield Reason.NAME_TITLE, rf"{BEGIN}(?:{any_of(TITLES)}\.?\s{{1,3}}){{1,3}}(?:{first}{GAP})?{family}{END}"
    yield Reason.NAME_INITIALS, f"{BEGIN}{dotted}{family}{END}"
    yield Reason.NAME_INITIALS, rf"{BEGIN}{family}\s{initial}\.(?![^\W_])"
    yield from _handles(name, initial)
    yield Reason.FAMILY_NAME, f"{BEGIN}{family}{END}"


def _of_given(name: PersonName) -> Iterator[tuple[Reason, str]]:
    first, *middle = (_spelled(word) for word in name.given)
    if middle:
        yield Reason.NAME_SHORT, f"{BEGIN}{first}{GAP}{any_of(middle)}{END}"
    yield Reason.GIVEN_NAME, f"{BEGIN}{first}{END}"


def _handles(name: PersonName, initial: str) -> Iterator[tuple[Reason, str]]:
    """As in addresses, file names and log-ins: without spaces, or with other characters for them."""
    first = any_of(_joined(spelling) for spelling in name.given[0].spellings)
    whole = r"[._-]?".join(any_of(_joined(spelling) for spelling in word.spellings) for word in name.given)
    particles = "".join(f"{re.escape(word)}[._-]?" for word in name.particles)
    family = (f"(?:{particles})?" if particles else "") + any_of(_joined(each) for each in name.family.spellings)
    spread_out = _BROKEN.join([*(any_of(map(_joined, word.spellings)) for word in name.given), family])
    yield Reason.NAME_HANDLE, rf"(?<![^\W\d_]){spread_out}(?![^\W\d_])"
    yield Reason.NAME_HANDLE, rf"{BEGIN}(?:{whole}|{first})[._-]?{family}(?![^\W\d_])"
    yield Reason.NAME_HANDLE, rf"{BEGIN}{family}[._-]?{first}(?![^\W\d_])"
    yield Reason.NAME_HANDLE, rf"{BEGIN}{initial}[._]?{family}(?![^\W\d_])"


def _joined(spelling: str) -> str:
    return re.escape(spelling).replace("'", "'?").replace(r"\-", r"[._-]?")


def _family(name: PersonName) -> str:
    particles = "".join(f"{re.escape(word)}{GAP}" for word in name.particles)
    return (f"(?:{particles})?" if particles else "") + _spelled(name.family)


def _spelled(word: Word) -> str:
    return any_of(
        re.escape(spelling).replace("'", r"['\s]?").replace(r"\-", r"[\s-]{1,2}") for spelling in word.spellings
    )
