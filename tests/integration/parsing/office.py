"""Files of office programs: some by the libraries that write them, some written out here."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
from pptx import Presentation
from pptx.util import Inches

from lethe.ingestion.sniffing import MediaType
from tests.integration.parsing.ole import message_file


def slides_pptx(path: Path) -> Path:
    deck: Any = Presentation()
    deck.core_properties.title = "Heron review"
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = "Heron"
    first.placeholders[1].text = "Review of the year"
    second = deck.slides.add_slide(deck.slide_layouts[1])
    second.shapes.title.text = "What went well"
    frame = second.placeholders[1].text_frame
    frame.text = "Forty buoys were launched"
    frame.add_paragraph().text = "None was lost"
    second.notes_slide.notes_text_frame.text = "Thank the crew of the Linnet."
    third = deck.slides.add_slide(deck.slide_layouts[5])
    third.shapes.title.text = "Costs"
    table = third.shapes.add_table(3, 3, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for row, values in enumerate((("Part", "Price", "Year"), ("Mast", "120", "2025"), ("Hull", "900", "2026"))):
        for column, value in enumerate(values):
            table.cell(row, column).text = value
    group = third.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(5), Inches(3), Inches(1)).text_frame.text = "All in euros."
    deck.save(str(path))
    return path


def sheets_xlsx(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.properties.title = "Stock list"
    stock = book.active
    assert stock is not None
    stock.title = "Stock"
    for row in (
        ("Part", "Code", "Pieces", "Counted"),
        ("Mast", "007", 4, date(2026, 3, 1)),
        ("Hull", "012", 2.5, None),
    ):
        stock.append(row)
    stock.append(())
    stock.append(("Counted by hand",))
    prices = book.create_sheet("Prices")
    prices.append(("Part", "Price", "Paid"))
    prices.append(("Mast", 120.0, True))
    book.save(path)
    return path


def message_msg(path: Path) -> Path:
    path.write_bytes(
        message_file(
            "Prüfung im März",
            "Dear all,\r\n\r\nthe audit takes place on 24 March, and two auditors come.\r\n" + "\r\nRenske\r\n" * 300,
            ("Renske Hoogland-Pike", "renske@example.com"),
            (("Heads", "heads@example.com"), ("", "ann@example.com")),
            ("agenda.pdf",),
        )
    )
    return path


RTF = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Arial Cyr;}}
{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}}{\info{\title The winter guide}{\author Ann}}
{\header running head\par}\pard\s1 Winter\par
\pard\s0 Pr\'fcfung der Bojen: {\b fett} und \u9731?kalt. {\f1 \'c1\'f3\'e9}\par
\pard\s2 What to do\par
{\listtext\'b7\tab}\pard\ls1 Clean it\par
{\listtext\'b7\tab}\ls1 Dry it\par
\trowd\cellx1000\cellx2000\cellx3000\pard\intbl Part\cell Price\cell Year\cell\row
\trowd\pard\intbl Mast\cell 120\cell 2025\cell\row
\pard{\*\unknown hidden words}{\v hidden too}{\pict 89504e47}The end.}"""


def guide_rtf(path: Path) -> Path:
    path.write_bytes(RTF)
    return path


def packed(parts: dict[str, str | bytes], mimetype: str = "") -> bytes:
    """A zip file; ``mimetype`` comes first and is stored, as OpenDocument and EPUB want it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


ODT_TYPE = MediaType.ODT.value
_OFFICE = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
_ODT_BODY = """<text:tracked-changes><text:changed-region><text:deletion><text:p>Deleted words</text:p></text:deletion>
</text:changed-region></text:tracked-changes><text:h text:outline-level="1">Contract</text:h>
<text:p>The supplier<text:s text:c="2"/>delivers <text:span>cells</text:span>.<office:annotation><text:p>remark</text:p>
</office:annotation></text:p><text:h text:outline-level="2">Duties</text:h>
<text:list><text:list-item><text:p>Deliver in time</text:p></text:list-item><text:list-item><text:p>Pay in time</text:p>
</text:list-item></text:list><table:table><table:table-header-rows><table:table-row>
<table:table-cell><text:p>Quantity</text:p></table:table-cell><table:table-cell><text:p>Price</text:p></table:table-cell>
</table:table-row></table:table-header-rows><table:table-row><table:table-cell><text:p>1,000</text:p></table:table-cell>
<table:table-cell><text:p>11.40</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16000"/>
</table:table-row></table:table>"""


def odt(body: str = _ODT_BODY) -> bytes:
    """An OpenDocument text."""
    content = (
        f'<?xml version="1.0"?><office:document-content {_OFFICE}><office:body><office:text>{body}'
        "</office:text></office:body></office:document-content>"
    )
    title = "<office:meta><dc:title>Supply contract</dc:title></office:meta>"
    meta = f"<office:document-meta {_OFFICE}>{title}</office:document-meta>"
    return packed({"content.xml": content, "meta.xml": meta}, ODT_TYPE)


EPUB_TYPE = MediaType.EPUB.value
CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_PAGE = (
    '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" '
    '"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"><html xmlns="http://www.w3.org/1999/xhtml">'
    "<head><title>x</title></head><body>{}</body></html>"
)


def epub(pages: dict[str, str], spine: list[str] | None = None, encryption: str = "") -> bytes:
    """A book of XHTML pages by name; ``spine`` is their order of reading."""
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in pages)
    order = "".join(f'<itemref idref="{name}"/>' for name in (list(pages) if spine is None else spine))
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>The lake</dc:title></metadata>'
        f'<manifest><item id="css" href="a.css" media-type="text/css"/>{items}</manifest>'
        f"<spine>{order}</spine></package>"
    )
    texts = {f"OEBPS/{name}.xhtml": _PAGE.format(body) for name, body in pages.items()}
    parts: dict[str, str | bytes] = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package, **texts}
    if encryption:
        parts["META-INF/encryption.xml"] = encryption
    return packed(parts, EPUB_TYPE)


def lake_epub(path: Path) -> Path:
    second = "<h1>Two</h1><p>The lake freezes in January.</p>"
    first = "<h1>One</h1><p>The lake is deep.</p><ul><li>cold</li><li>clear</li></ul>"
    path.write_bytes(epub({"b": second, "a": first}, ["a", "b", "a"]))
    return path
