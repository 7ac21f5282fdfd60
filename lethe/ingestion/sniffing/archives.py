"""Zip containers: what kind of document one is, and what in one is refused before any parser sees it."""

import zipfile
import zlib
from contextlib import closing
from typing import BinaryIO, Final
from xml.parsers import expat

from lethe.errors import CorruptDocument, EncryptedDocument, UnsafeDocument, UnsupportedType
from lethe.ingestion.sniffing.media import MediaType
from lethe.settings import LimitSettings

_MEMBERS: Final = 10_000
_ENCRYPTED_FLAG: Final = 0x1
_CONTENT_TYPES: Final = "[Content_Types].xml"
_OFFICE_MAIN: Final = {
    f"{media_type}.main+xml".encode(): media_type for media_type in (MediaType.DOCX, MediaType.PPTX, MediaType.XLSX)
}
_MACRO_MAIN: Final = b".macroEnabled.main+xml"
_MACROS: Final = "vbaproject.bin"
_MIMETYPE: Final = "mimetype"
"""The first member of an OpenDocument file and of an EPUB says what it is (ODF 1.3, 3.3; EPUB OCF 3.3, 4.3)."""
_MIMETYPE_BYTES: Final = 256
_MANIFEST: Final = "META-INF/manifest.xml"
_RIGHTS: Final = "META-INF/rights.xml"
_SMALL_MEMBER: Final = 1024 * 1024
"""A member below this size cannot hurt, however well it compresses."""
_PROLOG_BYTES: Final = 64 * 1024
"""A part must begin its root element within this many bytes."""


def check_archive(file: BinaryIO, limits: LimitSettings) -> MediaType:
    """The media type of a zip file that may be parsed: DOCX, PPTX, XLSX, ODT or EPUB.

    Raises CorruptDocument, EncryptedDocument, UnsupportedType (another kind of archive) and UnsafeDocument (too many
    members, too large or too well compressed, overlapping members, hidden macros, or a DOCTYPE in a part).
    """
    file.seek(0)
    try:
        with closing(zipfile.ZipFile(file)) as archive:
            members = archive.infolist()
            _check_sizes(members, limits)
            kind = _kind(archive)
            for member in members:
                _check_part(archive, member, may_name_dtd=kind == MediaType.EPUB)
            return kind
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise CorruptDocument from error


def _check_sizes(members: list[zipfile.ZipInfo], limits: LimitSettings) -> None:
    if any(member.flag_bits & _ENCRYPTED_FLAG for member in members):
        raise EncryptedDocument
    inflated = sum(member.file_size for member in members)
    deflated = sum(member.compress_size for member in members)
    if len(members) > _MEMBERS or inflated > limits.archive_bytes:
        raise UnsafeDocument("The archive holds more than is allowed.")
    large = [member for member in members if member.file_size > _SMALL_MEMBER]
    if any(_is_bomb(member.file_size, member.compress_size, limits) for member in large):
        raise UnsafeDocument("A part of the archive is compressed beyond what documents are.")
    if inflated > _SMALL_MEMBER and _is_bomb(inflated, deflated, limits):
        raise UnsafeDocument("The archive is compressed beyond what documents are.")
    _check_overlaps(members)


def _is_bomb(inflated: int, deflated: int, limits: LimitSettings) -> bool:
    return inflated > max(1, deflated) * limits.archive_ratio


def _check_overlaps(members: list[zipfile.ZipInfo]) -> None:
    """Members that share bytes multiply what a small file inflates to (Fifield 2019)."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise UnsafeDocument("Members of the archive overlap.")
        end = member.header_offset + member.compress_size


def _kind(archive: zipfile.ZipFile) -> MediaType:
    names = set(archive.namelist())
    if _CONTENT_TYPES in names:
        return _office_kind(_read(archive, _CONTENT_TYPES), names)
    if _MIMETYPE not in names:
        raise UnsupportedType("Archives are not supported.")
    told = _read(archive, _MIMETYPE)[:_MIMETYPE_BYTES].decode("ascii", errors="replace").strip()
    kind = next((each for each in (MediaType.ODT, MediaType.EPUB) if each == told), None)
    if kind is None:
        raise UnsupportedType("Of the OpenDocument formats, only odt is supported.")
    if kind == MediaType.ODT and _MANIFEST in names and b"encryption-data" in _read(archive, _MANIFEST):
        raise EncryptedDocument
    if kind == MediaType.EPUB and _RIGHTS in names:
        raise EncryptedDocument("The book is protected by rights management.")
    return kind


def _office_kind(types: bytes, names: set[str]) -> MediaType:
    if _MACRO_MAIN in types:
        raise UnsupportedType("Office files with macros are not supported; save the file without them.")
    found = next((kind for main, kind in _OFFICE_MAIN.items() if main in types), None)
    if found is None:
        raise UnsupportedType("Of the Office formats, docx, pptx and xlsx are supported.")
    if any(name.lower().endswith(_MACROS) for name in names):
        raise UnsafeDocument("The document hides macros under the type of one that has none.")
    return found


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_SMALL_MEMBER)


def _check_part(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, may_name_dtd: bool) -> None:
    """Refuse a DOCTYPE, or in an EPUB, whose pages have one, one with declarations of its own.

    It must stand before the root element, so only what precedes that is read (XML 1.0, 2.8).
    """
    if member.is_dir():
        return
    with archive.open(member) as part:
        head = part.read(_PROLOG_BYTES)
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        _check_prolog(head, may_name_dtd=may_name_dtd)


class _RootReachedError(Exception):
    """Stops the reader: no DOCTYPE can follow."""


def _check_prolog(head: bytes, *, may_name_dtd: bool) -> None:
    reader = expat.ParserCreate()

    def doctype(_name: str, _system: str | None, _public: str | None, has_declarations: bool) -> None:
        if has_declarations or not may_name_dtd:
            raise UnsafeDocument("A part of the document has a DOCTYPE.")

    def refuse(*_: object) -> None:
        raise UnsafeDocument("A part of the document declares an entity.")

    def stop(*_: object) -> None:
        raise _RootReachedError

    reader.StartDoctypeDeclHandler = doctype
    reader.EntityDeclHandler = refuse
    reader.StartElementHandler = stop
    try:
        reader.Parse(head, False)
    except _RootReachedError:
        return
    except expat.ExpatError as error:
        raise CorruptDocument from error
    raise UnsafeDocument("A part of the document does not begin within the first 64 KiB.")
