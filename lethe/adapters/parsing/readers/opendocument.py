"""OpenDocument text (ODF 1.3, part 3): the body as written, without deleted text and notes to the author."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element as XmlElement

from lethe.adapters.parsing.readers.grids import Row, table_text
from lethe.adapters.parsing.readers.trees import attribute, descendants, local_name, read_tree
from lethe.errors import CorruptDocument
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_META: Final = "meta.xml"
_SKIPPED: Final = frozenset(
    {"annotation", "annotation-end", "tracked-changes", "note-citation", "sequence-decls", "forms"}
)
_MAX_REPEAT: Final = 100
"""Spaces or cells that one element may stand for: what a hostile file would ask for."""


def read_odt(path: Path) -> ParsedDocument:
    """Titles by their outline level, lists, tables; the title of the file's properties."""
    with zipfile.ZipFile(path) as archive:
        body = next(descendants(read_tree(archive, "content.xml"), "text"), None)
        meta = read_tree(archive, _META) if _META in archive.namelist() else None
    if body is None:
        raise CorruptDocument
    found = next(descendants(meta, "title"), None) if meta is not None else None
    return ParsedDocument(tuple(_blocks(body)), _text(found).strip() if found is not None else "")


def _blocks(parent: XmlElement) -> Iterator[Element]:
    for child in parent:
        name = local_name(child)
        if name in _SKIPPED:
            continue
        if name == "table":
            text = table_text(list(_rows(child)))
            yield from (Element(ElementKind.TABLE, text),) if text else ()
        elif name == "list":
            yield from _items(child)
        elif name in {"h", "p"}:
            yield from _paragraph(child, ElementKind.TITLE if name == "h" else ElementKind.TEXT)
        else:
            yield from _blocks(child)


def _paragraph(element: XmlElement, kind: ElementKind) -> Iterator[Element]:
    text = _text(element).strip()
    if not text:
        return
    depth = attribute(element, "outline-level")
    level = (int(depth) if depth.isdecimal() else 1) if kind is ElementKind.TITLE else 0
    yield Element(kind, text, min(max(level, 1), 9) if level else 0)


def _items(parent: XmlElement) -> Iterator[Element]:
    """A list's items; a numbered heading is a list's item too."""
    for child in parent:
        name = local_name(child)
        if name == "p":
            yield from _paragraph(child, ElementKind.LIST_ITEM)
        elif name == "h":
            yield from _paragraph(child, ElementKind.TITLE)
        elif name not in _SKIPPED:
            yield from _items(child)


def _rows(table: XmlElement) -> Iterator[Row]:
    headers = {id(row) for head in descendants(table, "table-header-rows") for row in descendants(head, "table-row")}
    for row in descendants(table, "table-row"):
        cells: list[str] = []
        for cell in row:
            if local_name(cell) in {"table-cell", "covered-table-cell"}:
                text = " ".join(_text(cell).split())
                cells.extend([text] * (_repeat(cell, "number-columns-repeated") if text else 1))
        yield Row(tuple(cells), id(row) in headers)


def _text(element: XmlElement) -> str:
    return "".join(_pieces(element))


def _pieces(element: XmlElement) -> Iterator[str]:
    name = local_name(element)
    if name in _SKIPPED:
        return
    if name == "s":
        yield " " * _repeat(element, "c")
    elif name in {"tab", "line-break"}:
        yield "\t" if name == "tab" else "\n"
    elif name in {"note", "p"}:
        yield " "
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""


def _repeat(element: XmlElement, name: str) -> int:
    value = attribute(element, name)
    return min(int(value), _MAX_REPEAT) if value.isdecimal() and len(value) < 10 else (_MAX_REPEAT if value else 1)
