"""What a file is, by its bytes. What the sender claims decides only between kinds of text."""

from pathlib import PurePosixPath
from typing import BinaryIO, Final

from lethe.errors import EmptyDocument, EncryptedDocument, UnsupportedType
from lethe.ingestion.sniffing.archives import check_archive
from lethe.ingestion.sniffing.media import (
    CSV,
    DOCX,
    EML,
    EPUB,
    HTML,
    JSON,
    MARKDOWN,
    MSG,
    ODT,
    PDF,
    PLAIN,
    PPTX,
    RST,
    RTF,
    XLSX,
)
from lethe.ingestion.sniffing.texts import looks_like_text, text_type
from lethe.settings import LimitSettings

__all__ = [
    "CSV",
    "DOCX",
    "EML",
    "EPUB",
    "HTML",
    "JSON",
    "MARKDOWN",
    "MEDIA_TYPES",
    "MSG",
    "ODT",
    "PDF",
    "PLAIN",
    "PPTX",
    "RST",
    "RTF",
    "XLSX",
    "known_suffix",
    "sniff",
]

MEDIA_TYPES: Final = (PLAIN, MARKDOWN, RST, HTML, CSV, JSON, EML, MSG, RTF, PDF, DOCX, PPTX, XLSX, ODT, EPUB)
"""Every media type that can be ingested."""

_HEAD_BYTES: Final = 64 * 1024
_PDF_WITHIN: Final = 1024
"""Readers accept a PDF whose header is not at the very start (ISO 32000-1, annex H.3.4.1)."""
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_OLE_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_OLE_MAIL: Final = "__properties_version1.0".encode("utf-16-le")
_OLE_OFFICE: Final = tuple(name.encode("utf-16-le") for name in ("WordDocument", "Workbook", "PowerPoint Document"))
_SCAN_BYTES: Final = 1024 * 1024
_RTF_START: Final = b"{\\rtf"
_REFUSED_TEXTS: Final = (b"%!PS", b"<?xml", b"<svg")
"""Readable, but mark-up that is not prose. XHTML is told apart before."""


def sniff(file: BinaryIO, *, claimed: str, suffix: str, limits: LimitSettings) -> str:
    """The media type of a seekable file, one of `MEDIA_TYPES`. ``suffix`` is the file name's, with or without the dot.

    Raises EmptyDocument, UnsupportedType, EncryptedDocument (an encrypted PDF shows only when it is parsed),
    CorruptDocument and UnsafeDocument.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if not head:
        raise EmptyDocument
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return check_archive(file, limits)
    if head.startswith(_OLE):
        return _ole_type(file)
    if head.startswith(_RTF_START):
        return RTF
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return PDF
    if not looks_like_text(head):
        raise UnsupportedType
    kind = text_type(head, _hint(claimed, suffix))
    if kind in {PLAIN, MARKDOWN} and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_REFUSED_TEXTS):
        raise UnsupportedType
    return kind


def _ole_type(file: BinaryIO) -> str:
    """The container of older Office files, of Outlook's messages, and of Office files with a password."""
    if _contains(file, _OLE_ENCRYPTED):
        raise EncryptedDocument
    if _contains(file, _OLE_MAIL) and not any(_contains(file, name) for name in _OLE_OFFICE):
        return MSG
    raise UnsupportedType("Older Office formats are not supported; save the file as docx, pptx or xlsx.")


_SUFFIXES: Final = {
    "txt": PLAIN, "text": PLAIN, "log": PLAIN, "rst": RST, "rest": RST,
    "json": JSON, "jsonl": JSON, "ndjson": JSON,
    "md": MARKDOWN, "markdown": MARKDOWN, "htm": HTML, "html": HTML, "xhtml": HTML,
    "csv": CSV, "tsv": CSV, "eml": EML,
}  # fmt: skip
_CLAIMS: Final = {
    "text/markdown": MARKDOWN, "text/x-markdown": MARKDOWN, "text/html": HTML, "application/xhtml+xml": HTML,
    "text/csv": CSV, "application/csv": CSV, "text/tab-separated-values": CSV, "message/rfc822": EML,
    "text/plain": PLAIN, "text/x-rst": RST, "text/prs.fallenstein.rst": RST,
    "application/json": JSON, "application/jsonl": JSON, "application/x-ndjson": JSON,
}  # fmt: skip


def known_suffix(filename: str) -> str:
    """The suffix of a file's name if it tells kinds of text apart, with its dot, else "". It is stored in clear."""
    suffix = PurePosixPath(filename).suffix.lower()
    return suffix if suffix.removeprefix(".") in _SUFFIXES else ""


def _hint(claimed: str, suffix: str) -> str:
    """The kind of text the sender's file name says, else their media type; "" if neither names one."""
    by_suffix = _SUFFIXES.get(suffix.removeprefix(".").lower())
    return by_suffix or _CLAIMS.get(claimed.partition(";")[0].strip().lower(), "")


def _contains(file: BinaryIO, needle: bytes) -> bool:
    file.seek(0)
    tail = b""
    while piece := file.read(_SCAN_BYTES):
        if needle in tail + piece:
            return True
        tail = piece[-len(needle) :]
    return False
