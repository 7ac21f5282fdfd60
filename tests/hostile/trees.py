"""What XML can do: external entities, expansion, DOCTYPEs where none belongs, counts without end."""

from collections.abc import Iterator
from random import Random

from tests.hostile.cases import INGESTED, Make
from tests.hostile.office import Parts, book, deck, novel, packed, text, word
from tests.integration.parsing.office import odt

_UNSAFE = "unsafe_document"
_PLACES = (
    ("docx", word, "word/document.xml"),
    ("xlsx", book, "xl/worksheets/sheet1.xml"),
    ("pptx", deck, "ppt/slides/slide1.xml"),
    ("odt", text, "content.xml"),
    ("epub", novel, "OEBPS/one.xhtml"),
)


def _planted(prolog: str) -> Iterator[Make]:
    """The prolog before the main part of each container."""
    for suffix, make, name in _PLACES:
        parts: Parts = make()
        old = parts[name]
        body = old.decode() if isinstance(old, bytes) else old
        root = body[body.index("<", body.find("?>") + 2 if body.startswith("<?xml") else 0) :]
        while root.startswith("<!"):
            root = root[root.index(">") + 1 :]
        parts[name] = prolog + root
        yield f"planted.{suffix}", packed(parts), _UNSAFE


def _files(_: Random) -> Iterator[Make]:
    yield from _planted('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>')


def _hosts(_: Random) -> Iterator[Make]:
    """The cloud's own address of secrets."""
    yield from _planted('<!DOCTYPE x [<!ENTITY % e SYSTEM "http://169.254.169.254/latest/meta-data/"> %e;]>')


def _laughs(_: Random) -> Iterator[Make]:
    lines = ['<!ENTITY a0 "ha">', *(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))]
    yield from _planted(f"<!DOCTYPE x [{''.join(lines)}]>")


def _quadratic(_: Random) -> Iterator[Make]:
    yield from _planted(f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]><!-- {"&a;" * 10_000} -->')


def _doctypes(_: Random) -> Iterator[Make]:
    """Where no reader looks for one, and written so that a search for the word finds none."""
    bare = b"<!DOCTYPE x><x/>"
    yield "in-a-picture.docx", packed({**word(), "word/media/image1.png": bare}), _UNSAFE
    yield "in-utf-16.xlsx", packed({**book(), "xl/styles.xml": bare.decode().encode("utf-16")}), _UNSAFE
    yield "after-64-kb.pptx", packed({**deck(), "ppt/x.xml": b"<!--" + b" " * 70_000 + b"-->" + bare}), _UNSAFE


def _bare_xml(_: Random) -> Iterator[Make]:
    """XML that comes without a container is no document, whatever it is called."""
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    for name in ("entity.xml", "entity.txt", "entity.svg"):
        yield name, entity, "unsupported_type"


def _repeats(_: Random) -> Iterator[Make]:
    """Counts that a reader would obey."""
    body = '<text:p>A few<text:s text:c="999999999"/>words</text:p>'
    yield "spaces.odt", odt(body), INGESTED
    cell = "<table:table-cell {}><text:p>word</text:p></table:table-cell>"
    wide = cell.format('table:number-columns-repeated="2147483647"')
    row = f"<table:table><table:table-row>{wide}</table:table-row></table:table>"
    yield "columns.odt", odt(row), INGESTED
    repeated = f'<table:table-row table:number-rows-repeated="2147483647">{cell.format("")}</table:table-row>'
    rows = f"<table:table>{repeated}</table:table>"
    yield "rows.odt", odt(rows), INGESTED
    grid = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2147483647"/></w:tcPr>{}</w:tc></w:tr></w:tbl>'
    yield "grid.docx", packed(word(grid.format("<w:p><w:r><w:t>x</w:t></w:r></w:p>"))), INGESTED


def _deep(_: Random) -> Iterator[Make]:
    table = "<w:tbl><w:tr><w:tc>{}<w:p/></w:tc></w:tr></w:tbl>"
    inner = "<w:p/>"
    for _level in range(60):
        inner = table.format(inner)
    yield "tables-in-tables.docx", packed(word(inner)), INGESTED
    sections = 5_000
    yield (
        "sections.odt",
        odt("<text:section>" * sections + "<text:p>x</text:p>" + "</text:section>" * sections),
        _UNSAFE,
    )
    spans = 5_000
    yield "spans.odt", odt("<text:p>" + "<text:span>" * spans + "x" + "</text:span>" * spans + "</text:p>"), _UNSAFE


CLASSES = {
    "external entity, file": _files,
    "external entity, host": _hosts,
    "billion laughs": _laughs,
    "quadratic blow-up": _quadratic,
    "DOCTYPE where none belongs": _doctypes,
    "bare XML": _bare_xml,
    "counts to obey": _repeats,
    "deep XML": _deep,
}
