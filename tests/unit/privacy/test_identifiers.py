"""Identifiers: one spelling of each, and finding one in running text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lethe.privacy.digests import suppression_tag, suppression_tag_of
from lethe.privacy.identifiers import SearchedText, candidates, normalise_identifier, normalise_text, text_key

_WORD = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzäöüéßøł"), min_size=2, max_size=10)
_FILLER = st.text(st.sampled_from("abc def. ,;:()\n\t"), max_size=30)
_SPACES = st.sampled_from([" ", "  ", "\n", "\u00a0", "\t", " \u200b", "-", ", "])
_NUMBER = st.from_regex(r"[1-9][0-9]{9,11}", fullmatch=True)


def holds(text: str, kind: str, value: str) -> bool:
    return SearchedText.of(text).holds(kind, text_key(kind, value))


@given(st.text(max_size=80))
def test_normalising_again_changes_nothing(text: str) -> None:
    assert normalise_text(normalise_text(text)) == normalise_text(text)


@given(st.sampled_from(["email", "phone", "name", "staff_number", "other"]), st.text(max_size=60))
def test_an_identifier_has_one_form(kind: str, value: str) -> None:
    once = normalise_identifier(kind, value)
    assert normalise_identifier(kind, f"  {value} ") == once
    assert normalise_identifier(kind, unicodedata.normalize("NFD", value)) == once
    assert normalise_identifier(kind, once) == once


@given(_WORD, _WORD, _SPACES, _FILLER, _FILLER)
def test_a_name_is_found_however_it_is_set(first: str, last: str, space: str, before: str, after: str) -> None:
    for wrote in (f"{first}{space}{last}", f"{first}{space}{last}".upper(), f"{first}{space}{last}".title()):
        assert holds(f"{before} {wrote} {after}", "name", f"{first} {last}")
        assert holds(unicodedata.normalize("NFD", f"{before} {wrote}."), "name", f"{first} {last}")


@given(_NUMBER, st.data())
def test_a_phone_number_is_found_with_and_without_its_country(digits: str, data: st.DataObject) -> None:
    gaps = st.sampled_from(["", " ", "-", "/", ".", " (", ") "])
    national = "".join(digit + data.draw(gaps) for digit in digits).rstrip(" -/.()")
    for wrote in (f"+49 {national}", f"0049{national}", f"0{national}"):
        assert holds(f"call {wrote} today", "phone", f"+49{digits}")


@given(_WORD, _WORD, _FILLER)
def test_a_mail_address_is_found(local: str, domain: str, before: str) -> None:
    address = f"{local}@{domain}.example"
    for text in (f"{before} <{address.upper()}>", f"mailto:{address}.", f"{before}\n{address}, and"):
        assert holds(text, "email", address)
    assert not holds(f"x{address}", "email", address)


@given(_WORD, _WORD, _NUMBER, _FILLER)
def test_what_a_text_names_is_among_its_candidates(first: str, last: str, digits: str, filler: str) -> None:
    mail = f"{first}.{last}@mail.example"
    text = f"{filler}\n{first.title()} {last.title()} <{mail}> +49 {digits}; EMP-{digits[:5]} {filler}"
    found = set(candidates(text))
    key = b"k" * 32
    tags = {suppression_tag(key, *each) for each in found}
    for kind, value in (
        ("name", f"{first} {last}"),
        ("email", mail.upper()),
        ("phone", f"0{digits}"),
        ("staff_number", f"emp{digits[:5]}"),
    ):
        assert (kind, text_key(kind, value)) in found
        assert suppression_tag_of(key, kind, value) in tags


@pytest.mark.parametrize(
    "text", ["{}", "letters/{}.txt", "{}_2026-11.tar.gz", "{}-last.v2.pdf", "{}_a.b.docx", "to {}, twice"]
)
@pytest.mark.parametrize("mail", ["ann@lee.example", "ann@mail.lee-wu.example", "ann@lee.co.uk"])
def test_a_mail_address_is_a_candidate_whatever_a_file_is_called_after_it(text: str, mail: str) -> None:
    said = text.format(mail)
    assert holds(said, "email", mail)
    assert ("email", mail) in set(candidates(said))


@pytest.mark.parametrize("text", ["{}.au", "{}.au.pdf", "{}-group.org", "{}.xn--p1ai", "mail {}.br, or"])
def test_who_has_an_address_that_begins_with_another_s_is_somebody_else(text: str) -> None:
    assert ("email", "john@firm.com") not in set(candidates(text.format("john@firm.com")))


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("name", "Ann Lee", "Joann Leeds"),
        ("name", "Ann Lee", "Ann met Lee"),
        ("email", "ann@lee.example", "joann@lee.example"),
        ("email", "ann@lee.example", "ann@lee.examples"),
        ("staff_number", "EMP-417", "EMP-4170"),
        ("staff_number", "EMP-417", "TEMP-417"),
        ("phone", "+49 171 2345678", "+49 171 2345679"),
    ],
)
def test_somebody_else_is_not_found(kind: str, value: str, text: str) -> None:
    assert not holds(text, kind, value)
    assert (kind, text_key(kind, value)) not in set(candidates(text))


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("name", "山田太郎", "担当は山田太郎です"),
        ("name", "김 철수", "김철수는 왔다"),
        ("name", "José Núñez", "JOSE NUNEZ"),
        ("name", "Ann O’Neil", "ann o'neil"),
        ("name", "Ann Lee", "Ann\u00adLee Ann\u200b Lee"),
        ("phone", "+44 (0)20 7946 0018", "020\u20117946\u20110018"),
        ("staff_number", "emp 00417", "(EMP-00417)"),
    ],
)
def test_other_ways_to_write_it_are_found(kind: str, value: str, text: str) -> None:
    assert holds(text, kind, value)


@pytest.mark.parametrize(
    ("kind", "value"), [("name", "Rose"), ("email", "rose"), ("phone", "112"), ("staff_number", "7"), ("name", "")]
)
def test_what_tells_nobody_is_searched_for_nowhere(kind: str, value: str) -> None:
    assert text_key(kind, value) == ""
    assert not holds("rose 112 7", kind, value)
