"""Zip bombs of each kind, containers that lie about themselves, macros, names that would leave the folder."""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from random import Random

from tests.hostile.cases import INGESTED, Make
from tests.hostile.office import SHEET_MAIN, WORDS, Parts, book, deck, novel, packed, text, word

_UNSAFE = "unsafe_document"
_ZEROS = b"<a>" + b"0" * (8 << 20)
_OFFICE: tuple[tuple[str, Callable[[], Parts], str], ...] = (
    ("docx", word, "word/extra.xml"),
    ("xlsx", book, "xl/extra.xml"),
    ("pptx", deck, "ppt/extra.xml"),
    ("odt", text, "extra.xml"),
    ("epub", novel, "OEBPS/extra.xml"),
)


def _flat(_: Random) -> Iterator[Make]:
    """One part that inflates a thousandfold."""
    for suffix, make, name in _OFFICE:
        yield f"flat.{suffix}", packed({**make(), name: _ZEROS}), _UNSAFE


def _nested(random: Random) -> Iterator[Make]:
    """Archives inside archives: harmless to who opens none of them."""
    inner = packed({"0": random.randbytes(2_000) + bytes(1 << 20)})
    for _level in range(6):
        inner = packed({str(number): inner for number in range(10)})
    yield "nested.docx", packed({**word(), "word/embeddings/inner.zip": inner}), INGESTED
    yield "nested.pptx", packed({**deck(), "ppt/embeddings/inner.zip": inner}), INGESTED
    yield "nested.zip", inner, "unsupported_type"


def _overlapping(_: Random) -> Iterator[Make]:
    """Every name of the directory leads to the same bytes (Fifield 2019)."""
    for suffix, make, name in _OFFICE[:4]:
        data = bytearray(packed({**make(), name: b"<a/>", f"{name}2": b"<b/>"}))
        first, last = data.find(b"PK\x01\x02"), data.rfind(b"PK\x01\x02")
        data[last + 42 : last + 46] = data[first + 42 : first + 46]
        yield f"overlapping.{suffix}", bytes(data), _UNSAFE


def _many(_: Random) -> Iterator[Make]:
    """More members than any document has."""
    for suffix, make, name in _OFFICE[:3]:
        parts: Parts = {f"{name}{number}": b"" for number in range(10_001)}
        yield f"many.{suffix}", packed({**make(), **parts}, zipfile.ZIP_STORED), _UNSAFE


def _lying(_: Random) -> Iterator[Make]:
    """The directory does not say what is in the file."""
    claim = 4_000_000_000
    yield "claims-4-gb.docx", _with_size(packed({**word(), "word/big.xml": b"<a/>"}), "word/big.xml", claim), _UNSAFE
    small = _with_size(packed({**word(), "word/big.xml": b"<a>" + b"0" * 900_000}), "word/big.xml", 10)
    yield "claims-10-bytes.docx", small, "corrupt_document"
    broken = bytearray(packed(word()))
    end = broken.rfind(b"PK\x05\x06")
    broken[end + 16 : end + 20] = struct.pack("<I", 0x7FFFFFFF)
    yield "directory-elsewhere.docx", bytes(broken), _UNSAFE


def _with_size(data: bytes, name: str, size: int) -> bytes:
    changed = bytearray(data)
    entry = changed.rfind(b"PK\x01\x02", 0, changed.rfind(name.encode()))
    changed[entry + 24 : entry + 28] = struct.pack("<I", size)
    return bytes(changed)


def _traversal(_: Random) -> Iterator[Make]:
    """Members that would be written outside a folder, were they ever written."""
    for name in ("../../../../etc/cron.d/x", "/etc/passwd", "C:\\Windows\\system32\\x.dll"):
        yield f"{len(name)}.docx", packed({**word(), name: b"<x/>"}), INGESTED


def _macros(_: Random) -> Iterator[Make]:
    macro = "application/vnd.ms-word.document.macroEnabled.main+xml"
    code = b'Sub AutoOpen()\r\nShell "cmd /c calc"\r\nEnd Sub'
    yield "macro.docm", packed({**word(main=macro), "word/vbaProject.bin": code}), "unsupported_type"
    sheet = SHEET_MAIN.replace("openxmlformats-officedocument.spreadsheetml.sheet", "ms-excel.sheet.macroEnabled")
    yield "macro.xlsm", packed({**book(main=sheet), "xl/vbaProject.bin": code}), "unsupported_type"
    yield "hidden-macro.docx", packed({**word(), "word/vbaProject.bin": code}), _UNSAFE
    yield "hidden-macro.xlsx", packed({**book(), "xl/VBAProject.BIN": code}), _UNSAFE


def _pictures(random: Random) -> Iterator[Make]:
    """A picture that claims 50,000 by 50,000 points: 10 GB for who opens it."""
    png = bytearray(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 50_000, 50_000, 8, 6, 0, 0, 0))
    png += random.randbytes(100)
    yield "pixels.docx", packed({**word(), "word/media/image1.png": bytes(png)}), INGESTED
    yield "pixels.pptx", packed({**deck(), "ppt/media/image1.png": bytes(png)}), INGESTED
    yield "pixels.png", bytes(png), "unsupported_type"


def _encrypted(random: Random) -> Iterator[Make]:
    package = "EncryptedPackage".encode("utf-16-le")
    ole = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1_000) + package + random.randbytes(4_000)
    yield "locked.docx", ole, "encrypted_document"
    yield "locked.xlsx", ole + random.randbytes(10), "encrypted_document"
    flagged = bytearray(packed(word()))
    flagged[flagged.find(b"PK\x01\x02") + 8] |= 1
    yield "flagged.docx", bytes(flagged), "encrypted_document"
    manifest = b"<manifest><file-entry><encryption-data/></file-entry></manifest>"
    yield "locked.odt", packed({**text(), "META-INF/manifest.xml": manifest}), "encrypted_document"


def _polyglots(random: Random) -> Iterator[Make]:
    """One file that is two, as each reader likes."""
    from tests.hostile.pdfs import pdf

    yield "pdf-and-zip.pdf", pdf(WORDS) + packed(word()), INGESTED
    page = b"<!doctype html><html><body><p>%PDF-1.7 " + WORDS.encode() + b"</p></body></html>"
    yield "html-and-pdf.html", page, "corrupt_document"
    yield (
        "gif-and-js.gif",
        b"GIF89a/*" + random.randbytes(20).replace(b"*", b" ") + b"*/=1;alert(1)//;",
        "unsupported_type",
    )
    yield "gif-and-docx.docx", b"GIF89a" + bytes(40) + packed(word()), "unsupported_type"


def _epub_bombs(_: Random) -> Iterator[Make]:
    """Few bytes, endless pages."""
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>{}</manifest><spine>{}</spine></package>'
    )
    item = '<item id="{0}" href="{0}.xhtml" media-type="application/xhtml+xml"/>'
    once = package.format(item.format("one"), '<itemref idref="one"/>' * 20_000)
    yield "one-page-20000-times.epub", packed({**novel(), "OEBPS/book.opf": once}), INGESTED
    numbers = range(6_000)
    many = package.format("".join(map(item.format, numbers)), "".join(f'<itemref idref="{n}"/>' for n in numbers))
    yield "6000-pages.epub", packed({**novel(), "OEBPS/book.opf": many}), "document_too_large"
    outside = package.format(item.format("../../../../etc/passwd"), '<itemref idref="../../../../etc/passwd"/>')
    yield "page-outside.epub", packed({**novel(), "OEBPS/book.opf": outside}), "corrupt_document"


def _comment(_: Random) -> Iterator[Make]:
    """Zip files whose end is hard to find, or of which there are two."""
    whole = packed(word())
    with_comment = io.BytesIO(whole)
    with zipfile.ZipFile(with_comment, "a") as archive:
        archive.comment = b"PK\x05\x06" + b"x" * 60_000
    yield "end-in-comment.docx", with_comment.getvalue(), "corrupt_document"
    yield "two-archives.docx", packed({"a.txt": b"decoy"}) + whole, INGESTED
    double = packed({**word()}) + packed({"[Content_Types].xml": b"<Types/>"})
    yield "decoy-last.docx", double, "unsupported_type"


CLASSES = {
    "zip bomb, flat": _flat,
    "zip bomb, nested": _nested,
    "zip bomb, overlapping": _overlapping,
    "zip bomb, many members": _many,
    "zip, lying directory": _lying,
    "zip, two ends": _comment,
    "path traversal in an archive": _traversal,
    "macro": _macros,
    "pixel bomb": _pictures,
    "encrypted": _encrypted,
    "polyglot": _polyglots,
    "epub bomb": _epub_bombs,
}
