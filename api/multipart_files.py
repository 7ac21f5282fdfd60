"""A multipart form of many files as a stream: fields first, then one file after the other, none held in memory."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

from api.multipart import FILE, Form, MultipartUpload
from lethe.errors import InvalidRequest

ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class FilePart:
    """One file; ``data`` is read to its end before the next part comes."""

    kind: str
    filename: str
    media_type: str
    data: AsyncIterator[bytes]


class MultipartFiles(MultipartUpload):
    """Call `begin`, then iterate over `files`. The parts are named `file` or, a single one, `archive`.

    A form may end without a file: what it says is all it has. Raises InvalidRequest for whatever is wrong with it.
    """

    names = frozenset({FILE, ARCHIVE})

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        super().__init__(content_type, body)
        self._begun: deque[tuple[str, str, str]] = deque()

    async def begin(self) -> Form:
        """Read up to the first file, or to the end of a form that has none."""
        while not self._is_file_reached and await self._read():
            pass
        return self._form

    async def files(self) -> AsyncIterator[FilePart]:
        """Each file in turn."""
        while await self._next_begun():
            kind, filename, media_type = self._begun.popleft()
            part = FilePart(kind, filename, media_type, self._data_of_one())
            yield part
            async for _ in part.data:  # whatever its reader left
                pass
        if not self._is_complete:
            raise InvalidRequest("The multipart body ends before its last boundary.")

    async def _next_begun(self) -> bool:
        while not self._begun:
            if not await self._read():
                return False
        return True

    async def _data_of_one(self) -> AsyncIterator[bytes]:
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                if piece is None:
                    return
                yield piece
            if not await self._read():
                raise InvalidRequest("The multipart body ends within a file.")

    def _may_follow(self, name: str) -> bool:
        return name == FILE

    def _begin_file(self, kind: str) -> None:
        self._begun.append((kind, self._form.filename, self._form.media_type))
