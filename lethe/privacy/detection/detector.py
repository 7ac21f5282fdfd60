"""The detector of forms, and what detectors share."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lethe.ports.detection import DataKind, Finding
from lethe.privacy.detection.patterns import CONTEXT_CHARACTERS, PATTERNS, Pattern, compact
from lethe.privacy.detection.phones import digits_of, is_dialled


@dataclass(frozen=True, slots=True)
class NoDetector:
    """Finds nothing: detection is switched off."""

    def detect(self, text: str, language: str = "en") -> list[Finding]:
        del text, language
        return []


@dataclass(frozen=True, slots=True)
class PatternDetector:
    """lethe.ports.detection.PersonalDataDetector for what has a form: no names, no addresses of houses."""

    least_score: float = 0.4

    def detect(self, text: str, language: str = "en") -> list[Finding]:
        del language
        found = (finding for pattern in PATTERNS for finding in _matches(pattern, text))
        return without_overlaps(finding for finding in found if finding.score >= self.least_score)


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """Of findings that share characters the surest stays, then the longest."""
    kept: list[Finding] = []
    for each in sorted(findings, key=lambda finding: (-finding.score, finding.start - finding.end, finding.start)):
        if all(each.end <= other.start or each.start >= other.end for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda finding: finding.start)


def _matches(pattern: Pattern, text: str) -> Iterator[Finding]:
    for match in pattern.form.finditer(text):
        found = match.group()
        if pattern.confirms(found):
            score = _score(pattern, text, match.start(), match.end())
            yield Finding(pattern.kind, match.start(), match.end(), score, _value(pattern.kind, found))


def _score(pattern: Pattern, text: str, start: int, end: int) -> float:
    around = f"{text[max(0, start - CONTEXT_CHARACTERS) : start]} {text[end : end + CONTEXT_CHARACTERS]}"
    if pattern.words.search(around):
        return pattern.beside
    if pattern.kind is DataKind.PHONE and not is_dialled(text[start:end]):
        return 0.0
    return pattern.alone


def _value(kind: DataKind, found: str) -> str:
    if kind is DataKind.EMAIL or kind is DataKind.IP:
        return found.casefold()
    if kind is DataKind.PHONE:
        return ("+" if found.startswith("+") else "") + digits_of(found)
    return compact(found).upper()
