"""The files inside an archive, one after the other; an entry that is refused says why instead of giving bytes.

Nothing an archive says of itself is taken for granted: whoever made it chose every length and count in it.
"""

import errno
import gzip
import stat
import tarfile
import zipfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self, cast

from lethe.errors import CorruptDocument, DocumentError, DocumentTooLarge, EncryptedDocument, UnsafeDocument
from lethe.ingestion.bulk.bounded import Bounded
from lethe.model.attributes import is_plain
from lethe.settings import BulkSettings

PIECE: Final = 256 * 1024
_RATIO_FROM: Final = 1024 * 1024
"""A small file may be all zeros: only past this size the ratio says something."""
_DIRECTORY_BYTES: Final = 512
"""Of a zip's directory, for each file it may have."""
_TAR_READ: Final = 1024 * 1024
"""Most that is read of a tar at once: its headers may claim to be gigabytes long."""
_PAX: Final = frozenset({tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE})
_PAX_BYTES: Final = 8 * 1024
"""Of one such header. Older Pythons search them in quadratic time and let no other thread run meanwhile."""
_PAX_BYTES_A_FILE: Final = 1024
"""Of all of them, for each file the archive may have."""
_GZIP: Final = b"\x1f\x8b"
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""What Python unpacks piece by piece; the others give all that a piece expands to at once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file. ``number`` counts files from 1; ``refused`` is set if its bytes are not to be read."""

    number: int
    name: str
    refused: DocumentError | None
    _open: "IO[bytes] | None" = None
    _most: int = 0

    def pieces(self) -> Iterator[bytes]:
        """The bytes. Raises DocumentTooLarge past what it may expand to, CorruptDocument."""
        size = 0
        while True:
            try:
                piece = self._open.read(PIECE) if self._open else b""
            except Exception as error:
                _require_theirs(error)
                raise CorruptDocument("The archive is damaged at this file.") from error
            if not piece:
                return
            size += len(piece)
            if size > self._most:
                raise DocumentTooLarge("The file expands to more than the limits of an archive allow.")
            yield piece


@contextmanager
def open_entries(path: Path, limits: BulkSettings) -> Generator[Iterator[Entry]]:
    """The entries of a zip, tar or tar.gz file; blocking.

    Raises CorruptDocument at damage, while it goes on too, and DocumentTooLarge where the archive passes its limits.
    """
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        try:
            if zipfile.is_zipfile(file):
                entries = _zip_entries(_open_zip(file, limits, stack), limits)
            else:
                entries = _tar_entries(_open_tar(file, limits, stack), limits)
        except DocumentError:
            raise
        except Exception as error:
            _require_theirs(error)
            raise CorruptDocument("This is no zip, tar or tar.gz archive, or it is damaged.") from error
        yield _guarded(entries)


def _require_theirs(error: Exception) -> None:
    """Raises what says nothing of the archive: no memory, no free descriptor, a disk that fails."""
    cause: BaseException | None = error
    while cause is not None:  # zipfile raises an error of its own in the place of one
        if _is_ours(cause):
            raise cause
        cause = cause.__context__


def _is_ours(error: BaseException) -> bool:
    """EINVAL is what a seek gives to a place that no file has, and such a place is the archive's own word."""
    if isinstance(error, OSError):
        return error.errno not in {None, errno.EINVAL}
    return isinstance(error, MemoryError)


def _open_zip(file: IO[bytes], limits: BulkSettings, stack: ExitStack) -> zipfile.ZipFile:
    file.seek(0)
    # Its directory is read at once, whatever length it claims.
    bounded = Bounded(file, _TAR_READ + limits.archive_entries * _DIRECTORY_BYTES)
    return stack.enter_context(zipfile.ZipFile(cast("IO[bytes]", bounded)))


def _open_tar(file: IO[bytes], limits: BulkSettings, stack: ExitStack) -> tarfile.TarFile:
    file.seek(0)
    is_packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    clear = stack.enter_context(gzip.GzipFile(fileobj=file)) if is_packed else file
    bounded = cast("IO[bytes]", Bounded(cast("IO[bytes]", clear), _TAR_READ))
    return stack.enter_context(tarfile.open(fileobj=bounded, mode="r:", tarinfo=_bounded_headers(limits)))


def _bounded_headers(limits: BulkSettings) -> type[tarfile.TarInfo]:
    """What reads the headers of one tar. Raises DocumentTooLarge before it reads a pax header past the bounds."""
    left = limits.archive_entries * _PAX_BYTES_A_FILE + _PAX_BYTES

    class Header(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
            nonlocal left
            header = super().frombuf(buf, encoding, errors)
            if header.type in _PAX:
                left -= header.size
                if header.size > _PAX_BYTES or left < 0:
                    raise DocumentTooLarge("The archive says more of its files than allowed; the rest was not read.")
            return header

    return Header


def _guarded(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Whatever a decompressor raises at damaged bytes says the same: the archive ends here."""
    while True:
        try:
            entry = next(entries, None)
        except DocumentError:
            raise
        except Exception as error:
            _require_theirs(error)
            raise CorruptDocument("The archive is damaged; what comes after this place was not read.") from error
        if entry is None:
            return
        yield entry


class _Budget:
    """What an archive may have in all. No file gives more than the size it claims, so claims are what is counted."""

    def __init__(self, limits: BulkSettings) -> None:
        self._limits = limits
        self._folders = 0
        self._bytes = 0
        self.files = 0

    def folder(self) -> None:
        self._folders += 1
        if self._folders > self._limits.archive_entries:
            raise DocumentTooLarge("The archive has more folders than allowed; the rest was not read.")

    def file(self, size: int) -> None:
        """Raises DocumentTooLarge before anything of a file is read that passes a limit."""
        self.files += 1
        self._bytes += max(0, size)
        if self.files > self._limits.archive_entries:
            raise DocumentTooLarge("The archive has more files than allowed; the rest was not read.")
        if self._bytes > self._limits.archive_bytes:
            raise DocumentTooLarge("The archive expands to more than allowed; the rest was not read.")


def _zip_entries(archive: zipfile.ZipFile, limits: BulkSettings) -> Iterator[Entry]:
    budget = _Budget(limits)
    for info in archive.infolist():
        if info.is_dir():
            budget.folder()
            continue
        budget.file(info.file_size)
        refused = _refused_member(info)
        if refused is not None:
            yield Entry(budget.files, _shown(info.filename), refused)
            continue
        try:
            opened = archive.open(info)
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError) as error:
            _require_theirs(error)
            yield Entry(budget.files, info.filename, CorruptDocument("The archive is damaged at this file."))
            continue
        with opened:
            most = max(_RATIO_FROM, info.compress_size * limits.archive_ratio)
            yield Entry(budget.files, info.filename, None, opened, most)


def _refused_member(info: zipfile.ZipInfo) -> DocumentError | None:
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return UnsafeDocument("The entry is a link or a device.")
    if info.flag_bits & 0x1:
        return EncryptedDocument()
    if info.compress_type not in _METHODS:
        return UnsafeDocument("The entry is compressed by a method other than deflate.")
    return _refused_name(info.filename)


def _tar_entries(archive: tarfile.TarFile, limits: BulkSettings) -> Iterator[Entry]:
    budget = _Budget(limits)
    for info in archive:
        if info.isdir():
            budget.folder()
            continue
        budget.file(info.size)
        refused = _refused_name(info.name) if info.isreg() else UnsafeDocument("The entry is a link or a device.")
        opened = None if refused else archive.extractfile(info)
        yield Entry(budget.files, _shown(info.name) if refused else info.name, refused, opened, info.size)


def _shown(name: str) -> str:
    """A refused name as it can be kept: bytes that were no text are spelt out."""
    return name[:1_000].encode(errors="backslashreplace").decode()


def _refused_name(name: str) -> DocumentError | None:
    """Names are only ever names here, never paths of ours; one that tries to be a path is no honest name either."""
    parts = name.replace("\\", "/").split("/")
    if not is_plain(name) or not name.strip() or len(name) > 1_000:
        return UnsafeDocument("The entry's name is empty, too long or holds control characters.")
    if ".." in parts or name.startswith(("/", "\\")) or parts[0].endswith(":"):
        return UnsafeDocument("The entry's name leads out of the archive.")
    return None
