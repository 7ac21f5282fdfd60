"""Names that are nearly the person's: an edit or two away, where both words are near."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import OSA

from lethe.privacy.discovery.folding import WORD, Folded
from lethe.privacy.discovery.matches import Match, Reason
from lethe.privacy.discovery.names import PARTICLES, PersonName, Word

_PARTICLES: Final = rf"(?:(?:{'|'.join(sorted(PARTICLES))})\s{{1,8}}){{0,2}}"
_BETWEEN: Final = re.compile(rf"\s{{1,8}}(?:[^\W\d_]\.?\s{{1,3}})?{_PARTICLES}|\s?,\s{{1,8}}")
_LONG: Final = 10
_LEAST: Final = 4
_REMEMBERED: Final = 50_000


def edits(length: int) -> int:
    """How many edits (insert, delete, change, swap neighbours) a word of the length may be away."""
    if length < _LEAST:
        return 0
    return 2 if length >= _LONG else 1


@dataclass(frozen=True, slots=True)
class NearWords:
    """Two words that follow each other, each near one of the name's and not both the same."""

    given: Word
    family: Word
    known: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    @classmethod
    def of(cls, name: PersonName) -> "NearWords":
        return cls(name.given[0], name.family)

    def find(self, folded: Folded) -> Iterator[Match]:
        if not any(self._near(word)[1] >= 0 for word in folded.words):
            return
        found = [word for word in WORD.finditer(folded.text) if word.group() not in PARTICLES]
        for one, two in pairwise(found):
            if _BETWEEN.fullmatch(folded.text, one.end(), two.start()) and self._is_pair(one.group(), two.group()):
                start, end = folded.span(one.start(), two.end())
                if not folded.original[start].islower():
                    yield Match(Reason.NAME_TYPO, start, end)

    def _is_pair(self, one: str, two: str) -> bool:
        straight = (self._near(one)[0], self._near(two)[1])
        reverse = (self._near(two)[0], self._near(one)[1])
        return any(min(pair) >= 0 and sum(pair) > 0 for pair in (straight, reverse))

    def _near(self, word: str) -> tuple[int, int]:
        """Edits away from the given and from the family name; -1: too many."""
        distance = self.known.get(word)
        if distance is None:
            if len(self.known) > _REMEMBERED:
                self.known.clear()
            distance = self.known[word] = (_distance(word, self.given), _distance(word, self.family))
        return distance


def _distance(word: str, of: Word) -> int:
    bare = word.removesuffix("'s")
    least = min(_bounded(bare, spelling) for spelling in of.spellings)
    return least if least <= max(edits(len(spelling)) for spelling in of.spellings) else -1


def _bounded(word: str, spelling: str) -> int:
    return OSA.distance(word, spelling, score_cutoff=edits(len(spelling)))
