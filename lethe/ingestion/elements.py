"""How parsed elements rest between the parse step and the chunk step: JSON, to be sealed by whoever stores it."""

import json
from typing import Final, TypedDict, cast

from lethe.ports.parsing import Element, ElementKind, ParsedDocument

FORMAT_VERSION: Final = 1

_Row = tuple[str, str, int, int | None]


class _Body(TypedDict):
    version: int
    title: str
    elements: list[_Row]


def to_json(document: ParsedDocument) -> bytes:
    """The document as ASCII JSON; `from_json` gives back an equal one, lone surrogates included."""
    body: _Body = {
        "version": FORMAT_VERSION,
        "title": document.title,
        "elements": [(element.kind.value, element.text, element.level, element.page) for element in document.elements],
    }
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def from_json(data: bytes) -> ParsedDocument:
    """Read what `to_json` wrote. Raises ValueError for another format version."""
    body = cast("_Body", json.loads(data))
    if body["version"] != FORMAT_VERSION:
        raise ValueError(f"parsed elements of format {body['version']}, not {FORMAT_VERSION}")
    elements = tuple(Element(ElementKind(kind), text, level, page) for kind, text, level, page in body["elements"])
    return ParsedDocument(elements, body["title"])
