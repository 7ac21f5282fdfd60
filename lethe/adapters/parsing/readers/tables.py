"""CSV, read by Python's own module: a data frame would turn 007 into 7 and NA into nothing."""

import csv
import io
from pathlib import Path
from typing import Final

from lethe.adapters.parsing.readers.decoding import decode
from lethe.adapters.parsing.readers.grids import Row, table_text
from lethe.errors import CorruptDocument
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_DELIMITERS: Final = ",;\t|"
_SAMPLE_LINES: Final = 20
_FIELD_CHARACTERS: Final = 10 * 1024 * 1024


def read_csv(path: Path) -> ParsedDocument:
    """One table, a line a row."""
    text = decode(path.read_bytes())
    csv.field_size_limit(_FIELD_CHARACTERS)
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except csv.Error as error:
        raise CorruptDocument from error
    rows = [Row(tuple(" ".join(cell.split()) for cell in record)) for record in records]
    return ParsedDocument((Element(ElementKind.TABLE, table_text(rows, has_header=True)),))


def _delimiter(text: str) -> str:
    """The delimiter that splits the first lines into the most columns, as evenly as can be."""
    lines = [line for line in text[: 64 * 1024].splitlines() if line.strip()][:_SAMPLE_LINES]

    def evenness(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)] or [1]
        usual = max(set(widths), key=widths.count)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=evenness)
