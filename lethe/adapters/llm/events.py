"""Server-sent events with a JSON object each, as every vendor streams; whatever is not that breaks the answer off."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Final, cast

from lethe.errors import ModelUnavailable

Fields = Mapping[str, object]

LONGEST_LINE: Final = 4 * 1024 * 1024
_DONE: Final = "[DONE]"
_END: Final = (b"\n", b"\r")


async def events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Fields]:
    """The objects, up to `[DONE]`; read to the end, or the connection could not be used again.

    Raises ModelUnavailable for data that is not a JSON object.
    """
    data: list[str] = []
    is_done = False
    async for line in _lines(chunks):
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            joined, data = "\n".join(data), []
            is_done = is_done or joined.startswith(_DONE)
            if not is_done:
                yield _object(joined)


def child(fields: Fields, name: str) -> Fields:
    """A nested object; empty where there is none."""
    value = fields.get(name)
    return cast("Fields", value) if isinstance(value, dict) else {}


def text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def first(fields: Fields, name: str) -> Fields:
    """The first object of a list; empty where there is none."""
    value = fields.get(name)
    items = cast("list[object]", value) if isinstance(value, list) else []
    return cast("Fields", items[0]) if items and isinstance(items[0], dict) else {}


def count(fields: Fields, name: str) -> int:
    value = fields.get(name)
    return int(value) if isinstance(value, int | float) and value > 0 else 0


def _object(data: str) -> Fields:
    try:
        value: object = json.loads(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ModelUnavailable("a piece of the answer is not what the API documents")
    return cast("Fields", value)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[str]:
    """Lines ended by CR, LF or both, however they are cut into chunks; then an empty one, which ends an event."""
    rest = b""
    async for chunk in chunks:
        *whole, rest = _split(rest + chunk)
        for line in whole:
            yield _decoded(line)
        if len(rest) > LONGEST_LINE:
            raise ModelUnavailable("a line of the answer has no end")
    yield _decoded(rest.rstrip(b"\r"))
    yield ""


def _split(data: bytes) -> list[bytes]:
    """The last one is not ended yet; so is one that ends with CR, whose LF may follow."""
    lines = data.splitlines(keepends=True)
    if not lines or (lines[-1].endswith(_END[0])):
        lines.append(b"")
    return [*(line.rstrip(b"\r\n") for line in lines[:-1]), lines[-1]]


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ModelUnavailable("the answer is not UTF-8") from None
