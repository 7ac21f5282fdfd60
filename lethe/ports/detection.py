"""Personal data in a text: where it is, and of which kind."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class DataKind(StrEnum):
    """What a finding says of a person. ``PERSON`` and ``LOCATION`` only where names are detected."""

    EMAIL = "email"
    PHONE = "phone"
    CARD = "card"
    IBAN = "iban"
    SSN = "ssn"
    IP = "ip"
    PERSON = "person"
    LOCATION = "location"


@dataclass(frozen=True, slots=True)
class Finding:
    """A span of the text, in characters. ``value`` is it in one spelling, as identifiers are compared."""

    kind: DataKind
    start: int
    end: int
    score: float
    value: str


class PersonalDataDetector(Protocol):
    """Finds personal data of whomever. Takes CPU time and no other resource; may be called by several threads."""

    def detect(self, text: str, language: str = "en") -> list[Finding]:
        """Findings in order of their start; none overlaps another. An unknown language finds what has a form."""
        ...
