"""What a chunk is put together from: sentences, rows, lines and list items, none larger than a chunk may be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

from lethe.ingestion.chunking.cutting import CHARACTERS_PER_TOKEN, Span, fits, pieces
from lethe.ingestion.chunking.outline import CELL_END, Outline, Path
from lethe.ingestion.chunking.plan import ChunkSizes
from lethe.ingestion.cleaning import CleanDocument
from lethe.ingestion.sentences import sentence_spans
from lethe.ports.embedding import Tokenizer
from lethe.ports.parsing import Element, ElementKind

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece of the document's text, [start, end), and where it stands.

    ``weight`` is its part of a chunk, in tokens, at least 1. ``path`` is the titles above it, itself included.
    ``block`` is the same for all rows of a table and all items of a list; ``row`` for all parts of a row that is
    larger than a chunk. None elsewhere.
    """

    start: int
    end: int
    weight: int
    kind: ElementKind
    level: int
    path: Path
    block: int | None = None
    row: int | None = None

    @property
    def span(self) -> Span:
        return self.start, self.end


def atoms(document: CleanDocument, outline: Outline, tokenizer: Tokenizer, sizes: ChunkSizes) -> Iterator[Atom]:
    """The document's text in order, in pieces that fit a chunk."""
    blocks = count()
    block: int | None = None
    before: tuple[ElementKind, Path] | None = None
    for element, offset, path in zip(document.elements, document.starts(), outline.paths, strict=True):
        if element.kind not in {ElementKind.TABLE, ElementKind.LIST_ITEM}:
            block = None
        elif element.kind is ElementKind.TABLE or before != (element.kind, path):
            block = next(blocks)
        before = (element.kind, path)
        for start, end in _natural(element):
            parts = list(_fitting(element, start, end, tokenizer, sizes))
            row = offset + start if element.kind is ElementKind.TABLE and len(parts) > 1 else None
            for first, last, tokens in parts:
                weight = max(1, tokens, (last - first) // CHARACTERS_PER_TOKEN)
                yield Atom(offset + first, offset + last, weight, element.kind, element.level, path, block, row)


def _natural(element: Element) -> list[Span]:
    if element.kind is ElementKind.TITLE:
        return [(0, len(element.text))]
    if element.kind in {ElementKind.TABLE, ElementKind.CODE}:
        return [found.span() for found in _LINE.finditer(element.text)]
    return sentence_spans(element.text)


def _fitting(
    element: Element, start: int, end: int, tokenizer: Tokenizer, sizes: ChunkSizes
) -> Iterator[tuple[int, int, int]]:
    """The span itself if it fits, else a table's row cell by cell, else pieces; each with its number of tokens.

    Pieces leave room for the overlap, without which the words around a cut would never stand together.
    """
    tokens = fits(element.text, start, end, tokenizer, sizes.target)
    if tokens is not None:
        yield start, end, tokens
    elif element.kind is ElementKind.TABLE:
        for first, last in _cells(element.text, start, end):
            yield from pieces(element.text, first, last, tokenizer, sizes.target)
    else:
        yield from pieces(element.text, start, end, tokenizer, sizes.target - sizes.overlap)


def _cells(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end:
        found = text.find(CELL_END, start, end)
        stop = end if found < 0 else found + len(CELL_END)
        yield start, stop
        start = stop
