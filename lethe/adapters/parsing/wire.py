"""What parent and child say to each other over the child's standard input and output.

To the child: one JSON object a line. From the child: frames of one status byte, eight bytes of length (big-endian) and
that many bytes of body.
"""

import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from lethe.settings import PdfStrategy

READY: Final = b"R"
DOCUMENT: Final = b"D"
ERROR: Final = b"E"
HEADER: Final = struct.Struct(">cQ")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take: seconds of CPU, bytes of memory and of output, pages; and how a PDF is read.

    ``tesseract`` is the program's path where scanned pages are read, ``models`` the folder of the layout model's
    weights where it is used, else "".
    """

    seconds: int
    memory_bytes: int
    output_bytes: int
    pages: int
    niceness: int
    strategy: str = PdfStrategy.TEXT
    tesseract: str = ""
    models: str = ""
    languages: str = "eng"


@dataclass(frozen=True, slots=True)
class Request:
    """One file to read."""

    path: str
    media_type: str


def request_for(path: Path, media_type: str) -> Request:
    return Request(str(path.absolute()), media_type)


def dump(message: Limits | Request) -> str:
    """A message as JSON on one line."""
    return json.dumps(asdict(message))


def load_limits(text: str) -> Limits:
    return Limits(**json.loads(text))


def load_request(text: bytes) -> Request:
    return Request(**json.loads(text))


def frame(status: bytes, body: bytes = b"") -> bytes:
    return HEADER.pack(status, len(body)) + body


def error_body(code: str, detail: str, page: int | None = None) -> bytes:
    return json.dumps({"code": code, "detail": detail, "page": page}).encode()


def load_error(body: bytes) -> tuple[str, str, int | None]:
    """The code and the detail of an error frame, and the page it is about."""
    error: dict[str, Any] = json.loads(body)
    return error["code"], error["detail"], error["page"]
