"""The files inside an archive, one after the other; an entry that is refused says why instead of giving bytes."""

import stat
import tarfile
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from lethe.errors import CorruptDocument, DocumentError, DocumentTooLarge, EncryptedDocument, UnsafeDocument
from lethe.model.attributes import is_plain
from lethe.settings import BulkSettings

PIECE: Final = 256 * 1024
_RATIO_FROM: Final = 1024 * 1024
"""A small file may be all zeros: only past this size the ratio says something."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file. ``number`` counts files from 1; ``refused`` is set if its bytes are not to be read."""

    number: int
    name: str
    refused: DocumentError | None
    _open: "IO[bytes] | None"
    _most: int

    def pieces(self) -> Iterator[bytes]:
        """The bytes. Raises DocumentTooLarge past what it may expand to, CorruptDocument."""
        size = 0
        while True:
            try:
                piece = self._open.read(PIECE) if self._open else b""
            except Exception as error:
                raise CorruptDocument("The archive is damaged at this file.") from error
            if not piece:
                return
            size += len(piece)
            if size > self._most:
                raise DocumentTooLarge("The file expands to more than the limits of an archive allow.")
            yield piece


@contextmanager
def open_entries(path: Path, limits: BulkSettings) -> Generator[Iterator[Entry]]:
    """The entries of a zip, tar or compressed tar file. Raises CorruptDocument at damage, while it goes on too."""
    try:
        archive = zipfile.ZipFile(path) if zipfile.is_zipfile(path) else tarfile.open(path)  # noqa: SIM115
    except Exception as error:
        raise CorruptDocument("This is no zip, tar or tar.gz archive, or it is damaged.") from error
    with archive:
        if isinstance(archive, zipfile.ZipFile):
            yield _guarded(_zip_entries(archive, limits))
        else:
            yield _guarded(_tar_entries(archive, limits))


def _guarded(entries: Iterator[Entry]) -> Iterator[Entry]:
    """Whatever a decompressor raises at damaged bytes says the same: the archive ends here."""
    while True:
        try:
            entry = next(entries, None)
        except Exception as error:
            raise CorruptDocument("The archive is damaged; what comes after this place was not read.") from error
        if entry is None:
            return
        yield entry


def _zip_entries(archive: zipfile.ZipFile, limits: BulkSettings) -> Iterator[Entry]:
    number = 0
    for info in archive.infolist():
        if info.is_dir():
            continue
        number += 1
        mode = info.external_attr >> 16
        refused = _refused_name(info.filename)
        if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            refused = UnsafeDocument("The entry is a link or a device.")
        elif info.flag_bits & 0x1:
            refused = EncryptedDocument()
        if refused is not None:
            yield Entry(number, _shown(info.filename), refused, None, 0)
            continue
        try:
            opened = archive.open(info)
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError):
            yield Entry(number, info.filename, CorruptDocument("The archive is damaged at this file."), None, 0)
            continue
        with opened:
            most = max(_RATIO_FROM, info.compress_size * limits.archive_ratio)
            yield Entry(number, info.filename, None, opened, min(most, limits.archive_bytes))


def _tar_entries(archive: tarfile.TarFile, limits: BulkSettings) -> Iterator[Entry]:
    number = 0
    for info in archive:
        if info.isdir():
            continue
        number += 1
        refused = _refused_name(info.name)
        if not info.isreg():
            refused = UnsafeDocument("The entry is a link or a device.")
        opened = None if refused else archive.extractfile(info)
        yield Entry(number, _shown(info.name) if refused else info.name, refused, opened, limits.archive_bytes)


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
