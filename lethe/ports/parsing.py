"""From bytes to structured text."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class ElementKind(StrEnum):
    TITLE = "title"
    TEXT = "text"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    HEADER = "header"
    FOOTER = "footer"


@dataclass(frozen=True, slots=True)
class Element:
    """A block of a document in reading order. ``level`` is a title's depth (1 = top); ``page`` counts from 1."""

    kind: ElementKind
    text: str
    level: int = 0
    page: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document's blocks, and the title it gives itself ("" if none)."""

    elements: tuple[Element, ...]
    title: str = ""


class Parser(Protocol):
    """Reads one file. Runs the vendor's code in a limited child process, so that no file can harm the worker."""

    async def parse(self, path: Path, media_type: str) -> ParsedDocument:
        """Raises DocumentError: UnsupportedType, EncryptedDocument, CorruptDocument, NoText, DocumentTooLarge,
        ParserCrashed (the child died or ran out of time, memory or output).
        """
        ...
