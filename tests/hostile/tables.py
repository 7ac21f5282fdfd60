"""Tables wider, longer or emptier than anybody's memory."""

from collections.abc import Iterator
from random import Random

from tests.hostile.cases import INGESTED, Make
from tests.hostile.office import WORDS, book, packed

_LAST_ROW, _LAST_COLUMN = 1_048_576, "XFD"


def _csv(_: Random) -> Iterator[Make]:
    yield "million-columns.csv", b"a," * 1_000_000 + b"\n" + b"1," * 1_000_000, INGESTED
    yield "open-quote.csv", b'a,b,c\n"' + b"word,1,2\n" * 100_000, INGESTED
    yield "quotes.csv", b"a,b,c\n" + b'"' * 300_001 + b"\n", INGESTED
    yield "delimiters.csv", b"a,b;c\td|e\n" + b",;\t|" * 100_000 + b"\n", "no_text"


def _sheets(_: Random) -> Iterator[Make]:
    head = f'<dimension ref="A1:{_LAST_COLUMN}{_LAST_ROW}"/>'
    yield "claims-17-billion-cells.xlsx", packed(book("", head)), INGESTED
    cell = '<row r="{0}"><c r="{1}{0}" t="inlineStr"><is><t>far</t></is></c></row>'
    yield "last-cell.xlsx", packed(book(cell.format(_LAST_ROW, _LAST_COLUMN))), INGESTED
    wide = "".join(cell.format(row, _LAST_COLUMN) for row in range(2, 20_000))
    yield "far-cells.xlsx", packed(book(wide)), "parser_crashed"


def _references(_: Random) -> Iterator[Make]:
    """Strings shared by many cells, merged cells, rows without numbers."""
    missing = '<row r="2">' + '<c r="A2" t="s"><v>999999999</v></c>' * 10 + "</row>"
    yield "no-such-string.xlsx", packed(book(missing)), "corrupt_document"
    backwards = "".join(f'<row r="{row}"><c r="A{row}"><v>1</v></c></row>' for row in range(500, 2, -1))
    yield "backwards.xlsx", packed(book(backwards)), INGESTED
    date = '<row r="2"><c r="A2" t="d"><v>99999-99-99</v></c><c r="B2"><v>1e999</v></c></row>'
    yield "numbers.xlsx", packed(book(date)), "corrupt_document"
    formula = f'<row r="2"><c r="A2"><f>WEBSERVICE("http://127.0.0.1:9/")</f><v>{WORDS}</v></c></row>'
    yield "formula.xlsx", packed(book(formula)), "corrupt_document"


CLASSES = {"csv, wide and torn": _csv, "xlsx, claimed dimensions": _sheets, "xlsx, broken references": _references}
