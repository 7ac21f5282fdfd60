"""Personal data that has a form of its own: told by pattern and, where there is one, checksum."""

from lethe.privacy.detection.detector import NoDetector, PatternDetector, without_overlaps

__all__ = ["NoDetector", "PatternDetector", "without_overlaps"]
