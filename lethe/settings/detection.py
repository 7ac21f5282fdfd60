"""How personal data is detected."""

from enum import StrEnum

from lethe.settings.base import Section


class DetectionLevel(StrEnum):
    """``PATTERNS``: what has a form (mail, phone, card, IBAN, SSN, IP). ``NAMES``: people and places, too."""

    OFF = "off"
    PATTERNS = "patterns"
    NAMES = "names"


class DetectionSettings(Section):
    """Personal data of whomever, in texts."""

    level: DetectionLevel = DetectionLevel.PATTERNS
    """`off`; `patterns`: what has a form of its own (0.2 ms a chunk); `names`: people and places in English texts too
    (needs the extra `ner`; tens of milliseconds a chunk)."""
