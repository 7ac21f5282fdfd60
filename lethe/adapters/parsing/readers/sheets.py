"""Excel workbooks, through openpyxl's streaming reader: a sheet is a page, its title a title."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final, Protocol, cast

import openpyxl

from lethe.adapters.parsing.readers.grids import Row, table_text
from lethe.errors import DocumentTooLarge
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_MIDNIGHT: Final = time()


class _Sheet(Protocol):
    """What we use of openpyxl's read-only worksheet, which has no types."""

    title: str

    def reset_dimensions(self) -> None: ...
    def iter_rows(self, *, values_only: bool) -> Iterable[Sequence[object]]: ...


def read_xlsx(path: Path, max_pages: int) -> ParsedDocument:
    """Each sheet's blocks of rows, parted by empty rows; of formulas the value that was last computed.

    Raises DocumentTooLarge (more sheets than pages are allowed).
    """
    with path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheets = cast("list[_Sheet]", book.worksheets)
        if len(sheets) > max_pages:
            raise DocumentTooLarge
        elements = tuple(element for page, sheet in enumerate(sheets, start=1) for element in _sheet(sheet, page))
        title = cast("str | None", book.properties.title)
    return ParsedDocument(elements, (title or "").strip())


def _sheet(sheet: _Sheet, page: int) -> Iterator[Element]:
    sheet.reset_dimensions()  # what the file claims of its own size is not believed
    blocks = list(_blocks(sheet.iter_rows(values_only=True)))
    if blocks:
        yield Element(ElementKind.TITLE, sheet.title, 1, page)
    for rows in blocks:
        text = table_text(rows, has_header=True)
        if text.strip():
            yield Element(ElementKind.TABLE, text, 0, page)


def _blocks(rows: Iterable[Sequence[object]]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for values in rows:
        cells = tuple(map(_text, values))
        if any(cells):
            block.append(Row(cells))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _text(value: object) -> str:
    """A cell as a person reads it: a day without an hour, a whole number without its point."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case datetime():
            return value.date().isoformat() if value.time() == _MIDNIGHT else value.isoformat(sep=" ")
        case timedelta():
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return " ".join(str(value).split())
