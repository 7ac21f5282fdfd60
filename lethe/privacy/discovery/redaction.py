"""Taking a person out of a text that is about others too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.privacy.discovery.judging import Confidence, judged
from lethe.privacy.discovery.matches import COMPANIONS, Match
from lethe.privacy.discovery.person import Person

PLACEHOLDERS: Final[Mapping[str, str]] = {
    "email": "[email]",
    "phone": "[phone]",
    "number": "[number]",
    "name": "[person]",
}
"""What stands for an identifier, by the kind of a match (`Match.family`)."""
NEUTRAL: Final = "[…]"
"""Stands for any kind, where the words of the others would name the person again."""

_ORDER: Final = (Confidence.UNCERTAIN, Confidence.LIKELY, Confidence.CERTAIN)


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a text, and what takes their place."""

    start: int
    end: int
    placeholder: str


def redact(text: str, spans: Iterable[Span]) -> str:
    """The text with a placeholder for each span; nothing else is touched. Spans that overlap become one, under the
    placeholder of the first.
    """
    merged: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.start, -each.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), last.placeholder)
        else:
            merged.append(span)
    pieces: list[str] = []
    at = 0
    for span in merged:
        pieces += (text[at : span.start], span.placeholder)
        at = span.end
    return "".join((*pieces, text[at:]))


@dataclass(frozen=True, slots=True)
class Redactor:
    """Takes one person out of documents. ``least``: how sure a finding must be; a reviewer who says "erase" of an
    uncertain one asks for UNCERTAIN.
    """

    person: Person
    least: Confidence = Confidence.LIKELY

    def redact(self, texts: Sequence[str], *, is_linked: bool = False) -> list[str]:
        """The texts of one document, without the person: searched again, none has an identifier of theirs."""
        current = list(texts)
        while True:
            found = [self.person.find(text) for text in current]
            sure = self._sure([match for matches in found for match in matches], is_linked=is_linked)
            if not sure:
                return current
            # What stands on both sides of a placeholder may be found only now.
            current = [
                redact(text, (self._span(match) for match in matches if id(match) in sure))
                for text, matches in zip(current, found, strict=True)
            ]
            # Their names alone still mean the person in a document that named them.
            is_linked = True

    def _sure(self, matches: Sequence[Match], *, is_linked: bool) -> set[int]:
        enough = _ORDER[_ORDER.index(self.least) :]
        return {id(match) for match, confidence in judged(matches, is_linked=is_linked) if confidence in enough}

    def _span(self, match: Match) -> Span:
        placeholder = PLACEHOLDERS[match.family]
        is_theirs = any(each.reason not in COMPANIONS for each in self.person.find(placeholder))
        return Span(match.start, match.end, NEUTRAL if is_theirs else placeholder)
