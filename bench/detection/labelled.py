"""Sentences with labelled personal data, and how a detector's findings are counted against them."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lethe.ports.detection import DataKind, Finding, PersonalDataDetector

# presidio-research's names of kinds.
KINDS: Final = {
    "EMAIL_ADDRESS": DataKind.EMAIL,
    "PHONE_NUMBER": DataKind.PHONE,
    "CREDIT_CARD": DataKind.CARD,
    "IBAN_CODE": DataKind.IBAN,
    "US_SSN": DataKind.SSN,
    "IP_ADDRESS": DataKind.IP,
    "PERSON": DataKind.PERSON,
    "LOCATION": DataKind.LOCATION,
}


@dataclass(frozen=True, slots=True)
class Label:
    kind: DataKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Labelled:
    text: str
    labels: tuple[Label, ...]


def of_presidio(path: Path) -> list[Labelled]:
    """The sentences of presidio-research's file."""
    return [_labelled(each) for each in json.loads(path.read_text())]


def _labelled(row: dict[str, Any]) -> Labelled:
    labels = [
        Label(KINDS[span["entity_type"]], span["start_position"], span["end_position"])
        for span in row["spans"]
        if span["entity_type"] in KINDS
    ]
    return Labelled(row["full_text"], tuple(labels))


@dataclass(frozen=True, slots=True)
class Count:
    right: int
    missed: int
    wrong: int

    def figures(self) -> dict[str, float | int]:
        precision = self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0
        recall = self.right / (self.right + self.missed) if self.right + self.missed else 1.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return {
            "labelled": self.right + self.missed,
            "precision": round(precision, 3),
            "recall": round(recall, 3),
            "f1": round(f1, 3),
        }


def counted(sentences: Iterable[Labelled], detector: PersonalDataDetector) -> dict[DataKind, Count]:
    """A label is found if a finding of its kind covers half of it; a finding with no such label is wrong."""
    right, missed, wrong = Counter[DataKind](), Counter[DataKind](), Counter[DataKind]()
    for sentence in sentences:
        found = detector.detect(sentence.text)
        for label in sentence.labels:
            hit = any(_covers(finding, label) for finding in found)
            (right if hit else missed)[label.kind] += 1
        wrong.update(each.kind for each in found if not _is_labelled(each, sentence.labels))
    return {kind: Count(right[kind], missed[kind], wrong[kind]) for kind in DataKind}


def _covers(finding: Finding, label: Label) -> bool:
    shared = min(finding.end, label.end) - max(finding.start, label.start)
    return finding.kind is label.kind and 2 * shared >= label.end - label.start


def _is_labelled(finding: Finding, labels: Sequence[Label]) -> bool:
    return any(
        label.kind is finding.kind and min(finding.end, label.end) > max(finding.start, label.start) for label in labels
    )
