"""A multipart upload as a stream: fields first, then the file, which is handed on piece by piece.

Nothing is spooled: the file's bytes never touch a disk in clear text. That is why the fields must come before the file:
they decide where it is stored. A form that sends them later is refused, and nothing of the file remains.
"""

import re
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from lethe.errors import InvalidRequest
from lethe.model.attributes import is_plain

FILE: Final = "file"
MAX_FIELD_BYTES: Final = 128 * 1024
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,50}/[a-z0-9!#$&^_.+-]{1,80}")
"""RFC 6838, section 4.2, in lower case; shorter, since it is stored in clear."""
_DEFAULT_TYPE: Final = "application/octet-stream"


@dataclass(slots=True)
class Form:
    """The fields, and what the file's part says of itself."""

    fields: dict[str, str] = field(default_factory=dict[str, str])
    filename: str = ""
    media_type: str = _DEFAULT_TYPE


class MultipartUpload:
    """One form. Call `form`, then iterate over `data`. Raises InvalidRequest for whatever is wrong with it.

    ``names`` are those of parts that are files.
    """

    names = frozenset({FILE})

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise InvalidRequest("The multipart body has no boundary.")
        self._body = body
        self._form = Form()
        self._headers: dict[str, bytes] = {}
        self._header_name = b""
        self._header_value = b""
        self._name = ""
        self._value = bytearray()
        self._field_bytes = 0
        self._pieces: deque[bytes | None] = deque()
        self._is_file_reached = False
        self._is_in_file = False
        self._is_after_file = False
        self._is_complete = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise InvalidRequest("The multipart boundary is too long.") from error

    async def form(self) -> Form:
        """Read up to the beginning of the file."""
        while not self._is_file_reached:
            if not await self._read():
                raise InvalidRequest(f"The form has no part named {FILE!r}.")
        return self._form

    async def data(self) -> AsyncIterator[bytes]:
        """The file's bytes. Ends only if the form ends as it should."""
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                if piece is not None:
                    yield piece
            if not await self._read():
                break
        if not self._is_complete:
            raise InvalidRequest("The multipart body ends before its last boundary.")

    async def _read(self) -> bool:
        """Parse the next piece of the body; False at its end."""
        piece = await anext(self._body, None)
        if piece is None:
            return False
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise InvalidRequest("The multipart body is damaged.") from error
        return True

    def _on_part_begin(self) -> None:
        self._is_after_file = self._is_file_reached
        self._headers.clear()
        self._value.clear()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.decode("latin-1").lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        options = parse_options_header(self._headers.get("content-disposition", b""))[1]
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._is_after_file and not self._may_follow(self._name):
            raise InvalidRequest(f"Send every field before the part named {FILE!r}, which must be the last.")
        if self._name not in self.names:
            return
        self._is_file_reached = self._is_in_file = True
        self._form.filename = options.get(b"filename", b"").decode("utf-8", "replace")
        claimed = self._headers.get("content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        self._form.media_type = claimed or _DEFAULT_TYPE
        if not _MEDIA_TYPE.fullmatch(self._form.media_type):
            raise InvalidRequest(f"The part {FILE!r}: its Content-Type is no media type.")
        if not is_plain(self._form.filename):
            raise InvalidRequest(f"The part {FILE!r}: its filename holds a control character.")
        self._begin_file(self._name)

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_in_file:
            self._pieces.append(data[start:end])
            return
        self._field_bytes += end - start
        if self._field_bytes > MAX_FIELD_BYTES:
            raise InvalidRequest(f"The form's fields have more than {MAX_FIELD_BYTES} bytes.")
        self._value += data[start:end]

    def _on_part_end(self) -> None:
        if self._is_in_file:
            self._is_in_file = False
            self._pieces.append(None)
            return
        if self._name in self._form.fields:
            raise InvalidRequest(f"The field {self._name!r} is sent twice.")
        try:
            self._form.fields[self._name] = self._value.decode()
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"The field {self._name!r} is not UTF-8.") from error

    def _on_end(self) -> None:
        self._is_complete = True

    def _may_follow(self, name: str) -> bool:
        """Whether a part of this name may come after a file."""
        return False

    def _begin_file(self, kind: str) -> None:
        """A file begins; the form has its name and type."""
