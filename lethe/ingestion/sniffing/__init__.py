"""What a file is, by its bytes. What the sender claims decides only between kinds of text."""

from typing import BinaryIO, Final

from lethe.errors import EmptyDocument, EncryptedDocument, UnsupportedType
from lethe.ingestion.sniffing.archives import check_archive
from lethe.ingestion.sniffing.media import MediaType, hinted, known_suffix
from lethe.ingestion.sniffing.texts import looks_like_text, text_type
from lethe.settings import LimitSettings

__all__ = ["MediaType", "known_suffix", "sniff"]

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


def sniff(file: BinaryIO, *, claimed: str, suffix: str, limits: LimitSettings) -> MediaType:
    """The media type of a seekable file, ``suffix`` is the file name's, with or without the dot.

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
        return MediaType.RTF
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return MediaType.PDF
    if not looks_like_text(head):
        raise UnsupportedType
    kind = text_type(head, hinted(claimed, suffix))
    if kind in {MediaType.PLAIN, MediaType.MARKDOWN} and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_REFUSED_TEXTS):
        raise UnsupportedType
    return kind


def _ole_type(file: BinaryIO) -> MediaType:
    """The container of older Office files, of Outlook's messages, and of Office files with a password."""
    if _contains(file, _OLE_ENCRYPTED):
        raise EncryptedDocument
    if _contains(file, _OLE_MAIL) and not any(_contains(file, name) for name in _OLE_OFFICE):
        return MediaType.MSG
    raise UnsupportedType("Older Office formats are not supported; save the file as docx, pptx or xlsx.")


def _contains(file: BinaryIO, needle: bytes) -> bool:
    file.seek(0)
    tail = b""
    while piece := file.read(_SCAN_BYTES):
        if needle in tail + piece:
            return True
        tail = piece[-len(needle) :]
    return False
