"""RTF's paragraphs and cells as elements."""

import re
from typing import Final

from lethe.adapters.parsing.readers.grids import Row, table_text
from lethe.ports.parsing import Element, ElementKind

_HEADING: Final = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|заголовок)\s*(\d)", re.IGNORECASE)
_ENDS: Final = frozenset({"par", "sect", "page"})
_LEVELS: Final = 9


class Blocks:
    """Collects text until a control word ends the paragraph, the cell or the row."""

    def __init__(self) -> None:
        self._elements: list[Element] = []
        self._text: list[str] = []
        self._cells: list[str] = []
        self._rows: list[Row] = []
        self._levels: dict[int, int] = {}
        self._style = 0
        self._level = 0
        self._is_item = False
        self._is_cell = False

    def text(self, text: str) -> None:
        self._text.append(text)

    def define_style(self, word: str, number: int) -> None:
        """One of the control words of a style's definition."""
        if word == "s":
            self._style = number
        elif 0 <= number < _LEVELS:
            self._levels[self._style] = number + 1

    def name_style(self, name: str) -> None:
        """The name that ends a style's definition: that of a heading tells its level."""
        if found := _HEADING.match(name.strip()):
            self._levels[self._style] = int(found[1]) or 1

    def control(self, word: str, number: int | None) -> None:
        """A control word of the body."""
        if word == "pard":
            self._level, self._is_item, self._is_cell = 0, False, False
        elif word == "s" and number is not None:
            self._level = self._levels.get(number, 0)
        elif word == "outlinelevel" and number is not None and 0 <= number < _LEVELS:
            self._level = number + 1
        elif word in {"ls", "pnlvlblt", "pnlvlbody"}:
            self._is_item = True
        elif word == "intbl":
            self._is_cell = True
        elif word == "cell":
            self._cells.append(" ".join(self._taken().split()))
        elif word == "row":
            self._rows.append(Row(tuple(self._cells)))
            self._cells = []
        elif word in _ENDS:
            self._end()

    def finished(self) -> tuple[Element, ...]:
        """All elements; a last paragraph needs no end."""
        self._is_cell = False
        self._end()
        self._end_table()
        return tuple(self._elements)

    def _end(self) -> None:
        if self._is_cell:
            self._text.append("\n")
            return
        text = self._taken().strip()
        if not text:
            return
        self._end_table()
        if self._level:
            self._elements.append(Element(ElementKind.TITLE, " ".join(text.split()), self._level))
        else:
            self._elements.append(Element(ElementKind.LIST_ITEM if self._is_item else ElementKind.TEXT, text))

    def _end_table(self) -> None:
        if self._cells:
            self._rows.append(Row(tuple(self._cells)))
            self._cells = []
        if self._rows and (text := table_text(self._rows)):
            self._elements.append(Element(ElementKind.TABLE, text))
        self._rows = []

    def _taken(self) -> str:
        # Two halves of a surrogate pair come as two \u.
        text = "".join(self._text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        self._text = []
        return text
