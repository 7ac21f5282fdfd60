"""Detectors of personal data that need a library of their own."""

from lethe.errors import ConfigurationError
from lethe.ports.detection import PersonalDataDetector
from lethe.privacy.detection import NoDetector, PatternDetector
from lethe.settings import DetectionLevel


def make_detector(level: DetectionLevel) -> PersonalDataDetector:
    """The detector of the level. Raises ConfigurationError if its packages are not installed."""
    if level is DetectionLevel.OFF:
        return NoDetector()
    if level is DetectionLevel.PATTERNS:
        return PatternDetector()
    try:
        from lethe.adapters.detection.presidio import NameDetector  # noqa: PLC0415 (an optional package)
    except ImportError as error:
        raise ConfigurationError("detection.level = names needs the extra `ner`: pip install lethe[ner]") from error
    return NameDetector()
