"""What of a zip container is refused before any parser sees it."""

import io
import time
import zipfile

import pytest

from lethe.errors import CorruptDocument, EncryptedDocument, LetheError, UnsafeDocument
from lethe.ingestion.sniffing import MediaType
from lethe.settings import LimitSettings
from tests.unit.ingestion.containers import archive, kind, office, packed


def test_a_book_or_text_under_a_key_is_encrypted() -> None:
    with pytest.raises(EncryptedDocument):
        kind(packed(MediaType.ODT, **{"META-INF_manifest.xml": b"<m><encryption-data/></m>"}))
    with pytest.raises(EncryptedDocument):
        kind(packed(MediaType.EPUB, **{"META-INF_rights.xml": b"<rights/>"}))


def test_macros_under_the_type_of_a_document_without_are_unsafe() -> None:
    data = io.BytesIO(office())
    with zipfile.ZipFile(data, "a") as file:
        file.writestr("word/vbaProject.bin", b"Sub AutoOpen()")
    with pytest.raises(UnsafeDocument):
        kind(data.getvalue())


def test_a_page_of_a_book_may_name_its_dtd_and_declare_nothing() -> None:
    page = b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"><html/>'
    assert kind(packed(MediaType.EPUB, **{"page.xhtml": page})) == MediaType.EPUB
    with pytest.raises(UnsafeDocument):
        kind(packed(MediaType.ODT, **{"page.xhtml": page}))
    with pytest.raises(UnsafeDocument):
        kind(
            packed(
                MediaType.EPUB,
                **{"page.xhtml": b'<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd">]><html>&a;</html>'},
            )
        )


def test_an_encrypted_archive_is_encrypted() -> None:
    data = bytearray(office())
    directory = data.find(b"PK\x01\x02")
    data[directory + 8] |= 1
    with pytest.raises(EncryptedDocument):
        kind(bytes(data))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_docx_is_corrupt(share: float) -> None:
    whole = office()
    with pytest.raises(CorruptDocument):
        kind(whole[: int(len(whole) * share)] or whole[:4], ".docx")


def test_a_docx_with_broken_bytes_is_corrupt() -> None:
    data = bytearray(office({"styles": b"<a>" + bytes(range(32, 120)) * 50}))
    middle = data.find(b"word/styles.xml") + 40
    data[middle : middle + 20] = b"\xff" * 20
    with pytest.raises(CorruptDocument):
        kind(bytes(data))


@pytest.mark.parametrize(
    "part",
    [
        b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "b">]><d>&a;</d>',
        b"<!-- long -->" * 1000 + b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><d/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE d><d/>'.encode("utf-16"),
        b"<!--" + b"x" * 100_000 + b"--><!DOCTYPE d><d/>",
    ],
)
@pytest.mark.parametrize("name", ["document", "settings"])
def test_a_doctype_in_a_part_is_unsafe(part: bytes, name: str) -> None:
    with pytest.raises(UnsafeDocument):
        kind(office({name: part}))


def test_a_doctype_is_found_in_a_part_of_any_name() -> None:
    data = io.BytesIO(office())
    with zipfile.ZipFile(data, "a") as file:
        file.writestr("word/media/picture.png", b"<!DOCTYPE d><d/>")
    with pytest.raises(UnsafeDocument):
        kind(data.getvalue())


def test_bombs_are_unsafe() -> None:
    small = LimitSettings(archive_bytes=4 * 1024 * 1024)
    with pytest.raises(UnsafeDocument):
        kind(office({"a": b"<a>" + b"0" * 3_000_000}), limits=small)
    with pytest.raises(UnsafeDocument):
        kind(office({f"a{number}": b"<a>" + bytes(range(256)) * 4_000 for number in range(5)}), limits=small)
    with pytest.raises(UnsafeDocument):
        kind(archive({f"n{number}": b"" for number in range(10_001)}, zipfile.ZIP_STORED))


def test_a_lying_directory_does_not_inflate() -> None:
    """The directory says 100 bytes, the data would give 50 MB: no more than was said is read."""
    data = bytearray(office({"big": b"<a>" + b"0" * 50_000_000}))
    directory = data.rfind(b"PK\x01\x02", 0, data.rfind(b"word/big.xml"))
    data[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    started = time.perf_counter()
    with pytest.raises(LetheError) as caught:
        kind(bytes(data))
    assert isinstance(caught.value, CorruptDocument | UnsafeDocument)
    assert time.perf_counter() - started < 20


def test_overlapping_members_are_unsafe() -> None:
    data = bytearray(office({"a": b"<a/>", "b": b"<b/>"}))
    first, last = data.find(b"PK\x01\x02"), data.rfind(b"PK\x01\x02")
    data[last + 42 : last + 46] = data[first + 42 : first + 46]
    with pytest.raises((UnsafeDocument, CorruptDocument)):
        kind(bytes(data))
