"""The detector of forms: what it finds, what it leaves, and that it takes no more than linear time."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lethe.ports.detection import DataKind
from lethe.privacy.detection import NoDetector, PatternDetector
from lethe.privacy.detection.checks import is_card, is_iban, is_ssn
from lethe.privacy.detection.phones import spellings

DETECTOR = PatternDetector()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Write to Mara.Lind@Example.org.", DataKind.EMAIL, "mara.lind@example.org"),
        ("<mailto:o'neil+x@sub.example.co.uk>", DataKind.EMAIL, "o'neil+x@sub.example.co.uk"),
        ("jörg@müller.example", DataKind.EMAIL, "jörg@müller.example"),
        ("Call +49 (0)30 901820.", DataKind.PHONE, "+49030901820"),
        ("tel. 555-867-5309 x12", DataKind.PHONE, "555867530912"),
        ("Phone: 02079460958", DataKind.PHONE, "02079460958"),
        ("card 4111 1111 1111 1111 expires", DataKind.CARD, "4111111111111111"),
        ("DE89 3704 0044 0532 0130 00", DataKind.IBAN, "DE89370400440532013000"),
        ("gb29nwbk60161331926819", DataKind.IBAN, "GB29NWBK60161331926819"),
        ("SSN 078-05-1120", DataKind.SSN, "078051120"),
        ("from 198.51.100.7, twice", DataKind.IP, "198.51.100.7"),
        ("at 2001:db8::8a2e:370:7334", DataKind.IP, "2001:db8::8a2e:370:7334"),
    ],
)
def test_a_form_is_found(text: str, kind: DataKind, value: str) -> None:
    (found,) = DETECTOR.detect(text)
    assert (found.kind, found.value) == (kind, value)
    assert NoDetector().detect(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "On 2024-11-05 and 05.11.2024, from 2019-2023, at 12:30:45.",
        "Version 3.11.7 of part 4471-0012 costs 12,450.00 in 1,234,567 pieces.",
        "4111 1111 1111 1112 fails its checksum, GB28NWBK60161331926819 too.",
        "SSN 000-12-3456 and 666-12-3456 are given to nobody.",
        "localhost is 127.0.0.1; std::vector and a::b are code; 10:45:30 is a time.",
        "The order 123456789 came late.",
        "user@host and @handle and a@b",
    ],
)
def test_what_only_looks_like_one_is_left(text: str) -> None:
    assert DETECTOR.detect(text) == []


def test_checksums() -> None:
    cards = ["5555555555554444", "5555555555554445", "0000000000000000"]
    assert [is_card(each) for each in cards] == [True, False, False]
    assert [is_iban(each) for each in ("NO9386011117947", "NO9386011117948", "XX9386011117947")] == [True, False, False]
    assert [is_ssn(each) for each in ("219099999", "219000000")] == [True, False]


def test_a_number_has_the_same_spellings_however_it_is_dialled() -> None:
    assert spellings("+49 30 901820") & spellings("030/901820")
    assert spellings("0049 30 901820") & spellings("(030) 901-820")
    assert spellings("+1 555 867 5309") & spellings("555.867.5309")
    assert not spellings("+49 30 901820") & spellings("030 901821")


@settings(deadline=None)
@given(st.text())
def test_findings_are_spans_of_the_text_in_order(text: str) -> None:
    end = 0
    for found in DETECTOR.detect(text):
        assert end <= found.start < found.end <= len(text)
        end = found.end


@pytest.mark.parametrize("piece", ["a", "1", "a.", "1 ", "(1", "a@", "::", "a!", "12-", "AB12 ", "+1"])
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    started = time.process_time()
    DETECTOR.detect(piece * (100_000 // len(piece)))
    # Quadratic would be hours.
    assert time.process_time() - started < 20
