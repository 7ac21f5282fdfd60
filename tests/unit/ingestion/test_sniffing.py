"""Types by their bytes; real containers made here."""

import time

import pytest

from lethe.errors import (
    EmptyDocument,
    EncryptedDocument,
    UnsupportedType,
)
from lethe.ingestion.sniffing import MediaType
from tests.unit.ingestion.containers import (
    MACROS,
    MAIL,
    MANUAL,
    NOTES,
    PAGE,
    PROSE,
    RECORDS,
    RICH,
    SHEET,
    SLIDES,
    TABLE,
    TEMPLATE,
    archive,
    kind,
    office,
    ole,
    packed,
)


@pytest.mark.parametrize(
    ("data", "suffix", "expected"),
    [
        (PROSE, ".txt", MediaType.PLAIN),
        (NOTES, "md", MediaType.MARKDOWN),
        (PAGE, ".HTML", MediaType.HTML),
        (TABLE, ".csv", MediaType.CSV),
        (MAIL, ".eml", MediaType.EML),
        (b"%PDF-1.7\n...", ".pdf", MediaType.PDF),
        (office(), ".docx", MediaType.DOCX),
        (office(main=SHEET), ".xlsx", MediaType.XLSX),
        (office(main=SLIDES), ".pptx", MediaType.PPTX),
        (packed(MediaType.ODT), ".odt", MediaType.ODT),
        (packed(MediaType.EPUB), ".epub", MediaType.EPUB),
        (ole("Root Entry", "__properties_version1.0"), ".msg", MediaType.MSG),
        (RICH, ".rtf", MediaType.RTF),
        (RECORDS, ".json", MediaType.JSON),
        (MANUAL, ".rst", MediaType.RST),
    ],
)
class TestEveryType:
    def test_with_its_own_suffix(self, data: bytes, suffix: str, expected: str) -> None:
        assert kind(data, suffix) == expected

    def test_without_any_hint(self, data: bytes, suffix: str, expected: str) -> None:
        assert kind(data) == expected

    @pytest.mark.parametrize("wrong", [".pdf", ".docx", ".exe", ".png"])
    def test_a_suffix_of_another_container_does_not_fool(
        self, data: bytes, suffix: str, expected: str, wrong: str
    ) -> None:
        assert kind(data, wrong) == expected

    def test_the_claim_serves_where_there_is_no_suffix(self, data: bytes, suffix: str, expected: str) -> None:
        assert kind(data, "", f"{expected}; charset=utf-8") == expected


@pytest.mark.parametrize("suffix", [".txt", ".md", ".csv"])
def test_mail_and_pages_show_themselves_whatever_they_are_called(suffix: str) -> None:
    assert kind(MAIL, suffix) == MediaType.EML
    assert kind(PAGE, suffix) == MediaType.HTML
    assert kind(b"\xef\xbb\xbf  <!-- a --> <!-- b -->\n" + PAGE, suffix) == MediaType.HTML
    assert kind(b'<?xml version="1.0" encoding="utf-8"?>\n' + PAGE, suffix) == MediaType.HTML


def test_the_suffix_decides_between_kinds_of_text() -> None:
    assert kind(NOTES, ".txt") == MediaType.PLAIN
    assert kind(PROSE, ".md") == MediaType.MARKDOWN
    assert kind(TABLE, ".txt") == MediaType.PLAIN
    assert kind(b"one column\n1\n2\n", ".csv") == MediaType.CSV
    assert kind(b"a\tb\n1\t2\n", ".tsv") == MediaType.CSV
    assert kind(b"no tags at all", ".html") == MediaType.PLAIN
    assert kind(b"<p>a fragment</p>", ".htm") == MediaType.HTML
    assert kind(PROSE, ".txt", "text/html") == MediaType.PLAIN
    assert kind(b"not a mail at all\n", ".eml") == MediaType.PLAIN
    assert kind(b"Subject: draft\n\nNo sender yet.\n", ".eml") == MediaType.EML


def test_header_blocks_that_are_no_mail() -> None:
    assert kind(b"PEP: 8\nTitle: Style\nAuthor: Guido\nStatus: Active\n\nText.\n", ".rst") == MediaType.RST
    assert kind(b"From: the desk of Ann\n\nDear all,\n", ".txt") == MediaType.PLAIN


@pytest.mark.parametrize(
    "text",
    ["Grüße aus Ostermere".encode("utf-16"), "Привет, мир".encode("cp1251"), "\ufeffHallo".encode(), "日本語".encode()],
)
def test_text_in_other_encodings_is_text(text: bytes) -> None:
    assert kind(text, ".txt") == MediaType.PLAIN


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"\x7fELF\x02\x01\x01\x00",
        b"\x1f\x8b\x08\x00\x00\x00",
        bytes(range(256)),
        b"%!PS-Adobe-3.0\n",
        b'<?xml version="1.0"?><invoice/>',
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 600,
        archive({"a.txt": b"hello"}),
        archive({}),
        office(main=MACROS),
        office(main=TEMPLATE),
        packed("application/vnd.oasis.opendocument.spreadsheet"),
        packed("image/svg+xml"),
        ole("Root Entry", "WordDocument", "__properties_version1.0"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".docx", ".pdf", ""])
def test_everything_else_is_unsupported(data: bytes, suffix: str) -> None:
    with pytest.raises(UnsupportedType):
        kind(data, suffix)


def test_an_empty_file_is_empty() -> None:
    with pytest.raises(EmptyDocument):
        kind(b"", ".docx")


def test_a_password_protected_office_file_is_encrypted() -> None:
    ole = (
        bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 2_000_000 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 50
    )
    with pytest.raises(EncryptedDocument):
        kind(ole, ".docx")


def test_data_and_prose_that_only_look_alike() -> None:
    assert kind(b"[1, 2, 3]", ".json") == MediaType.JSON
    assert kind(b"not json", ".json") == MediaType.PLAIN
    assert kind(b"{{ template }} and more", "") == MediaType.PLAIN
    assert kind(b"[see below] the buoy", "") == MediaType.PLAIN
    assert kind(RECORDS, ".txt") == MediaType.PLAIN
    assert kind(RECORDS, "", "application/json; charset=utf-8") == MediaType.JSON


@pytest.mark.parametrize(
    "content", [b"<!---->" * 9_000, b"[" * 64_000, b"<p" * 32_000, b"|" * 64_000, b"**" * 32_000, b"a:" * 32_000]
)
@pytest.mark.parametrize("suffix", ["", ".html", ".eml"])
def test_telling_takes_no_longer_than_the_text_is_long(content: bytes, suffix: str) -> None:
    started = time.perf_counter()
    kind(content, suffix)
    assert time.perf_counter() - started < 5
