"""A file of which no more than so much is read at once, whatever its reader was told to read."""

from typing import IO

from lethe.errors import DocumentTooLarge


class Bounded:
    """The part of a file that zipfile and tarfile use. Raises DocumentTooLarge where they would read too much."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self._most = most

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size if 0 <= size <= self._most else self._most + 1)
        if len(data) > self._most:
            raise DocumentTooLarge("A header or the directory of the archive is longer than allowed.")
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True
