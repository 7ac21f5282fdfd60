"""The level that finds names, with the real model."""

import pytest

from lethe.adapters.detection import make_detector
from lethe.ports.detection import DataKind, PersonalDataDetector
from lethe.privacy.detection import NoDetector, PatternDetector
from lethe.settings import DetectionLevel


@pytest.fixture(scope="module")
def names() -> PersonalDataDetector:
    return make_detector(DetectionLevel.NAMES)


def test_the_setting_chooses() -> None:
    assert isinstance(make_detector(DetectionLevel.OFF), NoDetector)
    assert isinstance(make_detector(DetectionLevel.PATTERNS), PatternDetector)


def test_names_and_forms_are_found_in_english(names: PersonalDataDetector) -> None:
    text = "Yesterday Angela Martinez wrote to bob@example.org from London."
    found = [(each.kind, text[each.start : each.end]) for each in names.detect(text)]
    assert found == [
        (DataKind.PERSON, "Angela Martinez"),
        (DataKind.EMAIL, "bob@example.org"),
        (DataKind.LOCATION, "London"),
    ]


def test_in_other_languages_only_forms_are_found(names: PersonalDataDetector) -> None:
    text = "Gestern schrieb Angela Martinez an bob@example.org."
    assert [each.kind for each in names.detect(text, "de")] == [DataKind.EMAIL]


def test_no_network_is_asked_for(names: PersonalDataDetector) -> None:
    """Sockets are off in unit tests: a text without any finding, and one of presidio's own kinds."""
    assert names.detect("The pump was serviced.") == []
    assert [each.kind for each in names.detect("see www.example.org and a@b.co.uk")] == [DataKind.EMAIL]
