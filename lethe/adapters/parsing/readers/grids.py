"""Tables as text in which each row can be understood alone: "column: value; column: value"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from lethe.adapters.parsing.readers.dom import Node, parse

_CELL_SEPARATOR: Final = "; "
_HEADER_CHARACTERS: Final = 80
_MAX_SPAN: Final = 1_000
"""A span wider than any table: what a hostile file would ask for."""


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row's cells; ``is_header`` if the source marks all of them so."""

    cells: tuple[str, ...]
    is_header: bool = False


def rows_of_html(markup: str) -> list[Row]:
    """The rows of an HTML table; a cell that spans columns or rows stands in each of them."""
    rows: list[Row] = []
    carried: dict[int, tuple[str, int]] = {}
    for line in parse(markup).iter("tr"):
        cells: list[str] = []
        own = list(line.iter("td", "th"))
        for cell in own:
            _carry(cells, carried)
            text = " ".join("".join(cell.itertext()).split())
            rows_left = _span(cell, "rowspan") - 1
            for _ in range(_span(cell, "colspan")):
                if rows_left > 0:
                    carried[len(cells)] = (text, rows_left)
                cells.append(text)
        _carry(cells, carried)
        rows.append(Row(tuple(cells), bool(own) and all(cell.tag == "th" for cell in own)))
    return rows


def table_text(rows: Sequence[Row], *, has_header: bool | None = None) -> str:
    """One line a row. Column names come from header rows, or from a first row that reads like one.

    A table of two columns without a marked header is a list of "name: value".
    """
    filled = [row for row in rows if any(row.cells)]
    head, body = _split_header(filled, has_header)
    if not head:
        if all(len(row.cells) == 2 for row in body) and has_header is None:
            return "\n".join(": ".join(cell for cell in row.cells if cell) for row in body)
        return "\n".join(_CELL_SEPARATOR.join(_without_repeats(row.cells)) for row in body)
    names = head.cells
    lines = [_line(names, row.cells) for row in body]
    return "\n".join(lines) if lines else _CELL_SEPARATOR.join(names)


def _split_header(rows: list[Row], has_header: bool | None) -> tuple[Row | None, list[Row]]:
    if not rows or has_header is False:
        return None, rows
    if rows[0].is_header:
        return rows[0], rows[1:]
    wide = has_header is True or len(rows[0].cells) > 2
    if wide and len(rows) > 1 and looks_like_header(rows[0].cells):
        return rows[0], rows[1:]
    return None, rows


def looks_like_header(cells: Iterable[str]) -> bool:
    """Whether a row's cells can be names of columns: all there, all different, short, none of them a number."""
    names = [cell.strip() for cell in cells]
    return (
        all(names)
        and len(set(names)) == len(names)
        and all(len(name) <= _HEADER_CHARACTERS and any(character.isalpha() for character in name) for name in names)
    )


def _line(names: Sequence[str], cells: Sequence[str]) -> str:
    if len(_without_repeats(cells)) == 1 and len(cells) > 1:
        return _without_repeats(cells)[0]  # a row that is one wide cell: a heading inside the table
    padded = [*names, *[""] * (len(cells) - len(names))]
    named = zip(padded, cells, strict=False)
    return _CELL_SEPARATOR.join(f"{name}: {cell}" if name else cell for name, cell in named if cell)


def _without_repeats(cells: Sequence[str]) -> list[str]:
    """The cells that say something, a spanned one once."""
    return [cell for place, cell in enumerate(cells) if cell and (place == 0 or cells[place - 1] != cell)]


def _carry(cells: list[str], carried: dict[int, tuple[str, int]]) -> None:
    while len(cells) in carried:
        column = len(cells)
        text, left = carried.pop(column)
        if left > 1:
            carried[column] = (text, left - 1)
        cells.append(text)


def _span(cell: Node, name: str) -> int:
    value = cell.get(name, "1")
    return min(max(int(value), 1), _MAX_SPAN) if value.isdecimal() else 1
