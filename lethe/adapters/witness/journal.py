"""The witness's file: a record a line, added and never changed, on disk before anybody is answered.

A process that died while it wrote leaves half a line at the end: nobody was answered then, so it is cut off. Anything
else that does not read is damage, and the witness does not start.
"""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from lethe.errors import ConfigurationError
from lethe.privacy.certificates.witnessing import Record

_RECORD: Final[TypeAdapter[Record]] = TypeAdapter(Record)


class FileJournal:
    """lethe.privacy.certificates.witnessing.Journal. One process at a time holds the file."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError if another process has it."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise ConfigurationError("another process is this witness") from error
        self._sync_folder()

    def records(self) -> Iterator[Record]:
        """Raises ConfigurationError if the file is damaged."""
        whole, _, half = self._path.read_bytes().rpartition(b"\n")
        if half:
            os.truncate(self._path, len(whole) + 1 if whole else 0)
            os.fsync(self._file)
        try:
            yield from [_RECORD.validate_json(line) for line in whole.split(b"\n") if line]
        except ValidationError as error:
            raise ConfigurationError("the witness's file is damaged") from error

    def add(self, record: Record) -> None:
        line = _RECORD.dump_json(record) + b"\n"
        end = os.fstat(self._file).st_size
        try:
            if os.write(self._file, line) != len(line):
                raise OSError("the disk took half of it")  # noqa: TRY301
            os.fsync(self._file)
        except OSError:
            os.truncate(self._path, end)
            raise

    def close(self) -> None:
        os.close(self._file)

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
