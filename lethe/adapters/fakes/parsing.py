"""A parser of plain text and Markdown headings, in process."""

from pathlib import Path
from typing import Final

from lethe.errors import NoText, UnsupportedType
from lethe.ingestion.sniffing import MediaType
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_MEDIA_TYPES: Final = frozenset({MediaType.PLAIN, MediaType.MARKDOWN})


class FakeParser:
    """Blocks between empty lines; a block that begins with "#" is a title."""

    async def parse(self, path: Path, media_type: str) -> ParsedDocument:
        """See `lethe.ports.parsing.Parser`."""
        if media_type not in _MEDIA_TYPES:
            raise UnsupportedType
        text = _read(path)
        if not text.strip():
            raise NoText
        return ParsedDocument(tuple(_element(block) for block in text.split("\n\n") if block.strip()))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _element(block: str) -> Element:
    text = block.strip("\n")
    title = text.lstrip("#")
    if title != text and title.startswith(" ") and "\n" not in title:
        return Element(ElementKind.TITLE, title.strip(), len(text) - len(title))
    return Element(ElementKind.TEXT, text)
