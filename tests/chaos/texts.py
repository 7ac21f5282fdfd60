"""Texts whose every passage says which document, paragraph and revision it is of."""

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_MARK = re.compile(r"Note (d[0-9a-f]+) paragraph (\d+) revision (\d+)")
_WORDS = (
    *("buoy", "harbour", "signal", "winter", "rope", "ledger", "captain", "sensor", "depth", "chart", "fog", "lamp"),
    *("tide", "mast", "anchor", "pilot", "gauge", "keeper", "cable", "hull", "beacon", "valve", "crane", "deck"),
)

Marks = frozenset[tuple[int, int]]
"""(paragraph, revision) pairs."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of a document's text: the revision of each of its paragraphs."""

    token: str
    revisions: Mapping[int, int] = field(default_factory=dict[int, int])

    @property
    def marks(self) -> Marks:
        return frozenset(self.revisions.items())

    @property
    def text(self) -> str:
        return "\n\n".join(_paragraph(self.token, *mark) for mark in sorted(self.revisions.items()))

    def changed(self, rng: random.Random) -> "Edition":
        """Some paragraphs rewritten, perhaps one added or taken away; never the same text again."""
        revisions = dict(self.revisions)
        newest = max(revisions.values()) + 1
        for paragraph in rng.sample(sorted(revisions), rng.randint(1, len(revisions))):
            revisions[paragraph] = newest
        if rng.random() < 0.3:
            revisions[max(revisions) + 1] = newest
        elif len(revisions) > 2 and rng.random() < 0.3:
            del revisions[rng.choice(sorted(revisions))]
        if newest not in revisions.values():
            revisions[min(revisions)] = newest
        return Edition(self.token, revisions)


def first_edition(rng: random.Random, number: int) -> Edition:
    """Mostly a few paragraphs, now and then more than one batch of embeddings."""
    paragraphs = rng.randint(66, 90) if rng.random() < 0.08 else rng.randint(1, 8)
    return Edition(f"d{rng.randrange(16**6):06x}{number:04x}", dict.fromkeys(range(paragraphs), 1))


def marks_in(text: str) -> dict[str, Marks]:
    """The marks a passage carries, by document token."""
    found: dict[str, set[tuple[int, int]]] = {}
    for token, paragraph, revision in _MARK.findall(text):
        found.setdefault(token, set()).add((int(paragraph), int(revision)))
    return {token: frozenset(marks) for token, marks in found.items()}


def editions_with(marks: Marks, editions: Iterable[Edition]) -> list[int]:
    """The numbers of the editions that hold all of these marks."""
    return [number for number, edition in enumerate(editions) if marks <= edition.marks]


def _paragraph(token: str, paragraph: int, revision: int) -> str:
    rng = random.Random(f"{token}/{paragraph}/{revision}")
    sentences = [
        f"Note {token} paragraph {paragraph} revision {revision}: {' '.join(rng.choices(_WORDS, k=14))}."
        for _ in range(3)
    ]
    return " ".join(sentences)
