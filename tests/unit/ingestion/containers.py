"""Bytes of each type, and what they are told to be."""

import io
import zipfile

from lethe.ingestion.sniffing import sniff
from lethe.settings import LimitSettings

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
TEMPLATE = "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
MAIL = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n\r\nDear b,\r\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>T</title></head><body><p>Hi</p></body></html>"
TABLE = b"name,price,stock\nGrebe,1130,4\nTeal,2460,12\nOtter,1690,7\n"
NOTES = b"# Notes\n\nSome **bold** words and a [link](https://example.com).\n\n- one\n- two\n"
RECORDS = b'{"name": "Grebe", "price": 1130, "stock": [4, 5]}\n'
MANUAL = b"Manual\n======\n\n.. note:: It floats.\n\nText.\n"
RICH = rb"{\rtf1\ansi Hello}"
PROSE = b"The buoy sends its readings once an hour.\n\nNobody knows why.\n"


def kind(
    data: bytes, suffix: str = "", claimed: str = "application/octet-stream", limits: LimitSettings = LimitSettings()
) -> str:
    return sniff(io.BytesIO(data), claimed=claimed, suffix=suffix, limits=limits)


def archive(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return buffer.getvalue()


def office(parts: dict[str, bytes] | None = None, main: str = WORD) -> bytes:
    types = f'<?xml version="1.0"?><Types><Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
    body = {"document": b'<?xml version="1.0"?>\n<w:document xmlns:w="w"/>', **(parts or {})}
    return archive({"[Content_Types].xml": types.encode(), **{f"word/{name}.xml": part for name, part in body.items()}})


def ole(*names: str) -> bytes:
    """The head of a compound file with these names in its directory."""
    return bytes.fromhex("d0cf11e0a1b11ae1") + b"\x00" * 2_000 + b"\x00\x00".join(n.encode("utf-16-le") for n in names)


def packed(kind: str, **parts: bytes) -> bytes:
    named = {name.replace("_", "/"): part for name, part in parts.items()}
    return archive({"mimetype": kind.encode(), "content.xml": b"<a/>", **named})
