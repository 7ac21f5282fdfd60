"""The formats of office programs, mail programs and developers: kinds, levels, pages, tables, titles."""

import json
from pathlib import Path

import pytest

from lethe.adapters.parsing import LimitedParser
from lethe.errors import CorruptDocument, DocumentError, DocumentTooLarge, EncryptedDocument, NoText, UnsafeDocument
from lethe.ingestion.sniffing import MediaType, sniff
from lethe.ports.parsing import Element, ElementKind, ParsedDocument
from lethe.settings import LimitSettings, Settings
from tests.integration.parsing import office
from tests.integration.parsing.test_formats import saved, texts, titles

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def sniffed(parser: LimitedParser, path: Path, expected: str, suffix: str = "") -> ParsedDocument:
    """The document, if the file's bytes tell its type."""
    with path.open("rb") as file:
        assert sniff(file, claimed="application/octet-stream", suffix=suffix, limits=LimitSettings()) == expected
    return await parser.parse(path, expected)


async def test_pptx(parser: LimitedParser, tmp_path: Path) -> None:
    document = await sniffed(parser, office.slides_pptx(tmp_path / "a"), MediaType.PPTX)
    assert document.title == "Heron review"
    assert [(e.page, e.text) for e in document.elements if e.kind is ElementKind.TITLE] == [
        (1, "Heron"), (2, "What went well"), (3, "Costs")
    ]  # fmt: skip
    assert texts(document, ElementKind.LIST_ITEM) == ["Forty buoys were launched", "None was lost"]
    assert texts(document, ElementKind.TABLE) == [
        "Part: Mast; Price: 120; Year: 2025\nPart: Hull; Price: 900; Year: 2026"
    ]
    assert texts(document, ElementKind.TEXT) == ["Review of the year", "Thank the crew of the Linnet.", "All in euros."]


async def test_xlsx(parser: LimitedParser, tmp_path: Path) -> None:
    document = await sniffed(parser, office.sheets_xlsx(tmp_path / "a"), MediaType.XLSX)
    assert document.title == "Stock list"
    assert [(e.kind, e.page, e.text) for e in document.elements] == [
        (ElementKind.TITLE, 1, "Stock"),
        (
            ElementKind.TABLE,
            1,
            "Part: Mast; Code: 007; Pieces: 4; Counted: 2026-03-01\nPart: Hull; Code: 012; Pieces: 2.5",
        ),
        (ElementKind.TABLE, 1, "Counted by hand"),
        (ElementKind.TITLE, 2, "Prices"),
        (ElementKind.TABLE, 2, "Part: Mast; Price: 120; Paid: TRUE"),
    ]


async def test_msg(parser: LimitedParser, tmp_path: Path) -> None:
    document = await sniffed(parser, office.message_msg(tmp_path / "a"), MediaType.MSG)
    assert document.title == "Prüfung im März"
    assert titles(document) == [(1, "Prüfung im März")]
    assert texts(document, ElementKind.TEXT)[:5] == [
        'From: "Renske Hoogland-Pike" <renske@example.com>',
        "To: Heads <heads@example.com>, ann@example.com",
        "Attachments (not read): agenda.pdf",
        "Dear all,",
        "the audit takes place on 24 March, and two auditors come.",
    ]


async def test_rtf(parser: LimitedParser, tmp_path: Path) -> None:
    document = await sniffed(parser, office.guide_rtf(tmp_path / "a"), MediaType.RTF)
    assert document.title == "The winter guide"
    assert document.elements == (
        Element(ElementKind.TITLE, "Winter", 1),
        Element(ElementKind.TEXT, "Prüfung der Bojen: fett und ☃kalt. Буй"),
        Element(ElementKind.TITLE, "What to do", 2),
        Element(ElementKind.LIST_ITEM, "Clean it"),
        Element(ElementKind.LIST_ITEM, "Dry it"),
        Element(ElementKind.TABLE, "Part: Mast; Price: 120; Year: 2025"),
        Element(ElementKind.TEXT, "The end."),
    )


async def test_odt(parser: LimitedParser, tmp_path: Path) -> None:
    document = await sniffed(parser, saved(tmp_path / "a", office.odt()), MediaType.ODT)
    assert document.title == "Supply contract"
    assert document.elements == (
        Element(ElementKind.TITLE, "Contract", 1),
        Element(ElementKind.TEXT, "The supplier  delivers cells."),
        Element(ElementKind.TITLE, "Duties", 2),
        Element(ElementKind.LIST_ITEM, "Deliver in time"),
        Element(ElementKind.LIST_ITEM, "Pay in time"),
        Element(ElementKind.TABLE, "Quantity: 1,000; Price: 11.40"),
    )


async def test_epub(parser: LimitedParser, tmp_path: Path) -> None:
    document = await sniffed(parser, office.lake_epub(tmp_path / "a"), MediaType.EPUB)
    assert document.title == "The lake"
    assert [e.text for e in document.elements] == [
        "One", "The lake is deep.", "cold", "clear", "Two", "The lake freezes in January."
    ]  # fmt: skip
    assert titles(document) == [(1, "One"), (1, "Two")]


async def test_an_epub_under_a_key_is_encrypted_unless_only_its_fonts_are(
    parser: LimitedParser, tmp_path: Path
) -> None:
    encryption = '<encryption><CipherReference URI="OEBPS/{}"/></encryption>'
    for name, refused in (("a.xhtml", True), ("font.otf", False)):
        book = office.epub({"a": "<p>The lake.</p>"}, encryption=encryption.format(name))
        path = saved(tmp_path / name, book)
        if refused:
            with pytest.raises(EncryptedDocument):
                await parser.parse(path, MediaType.EPUB)
        else:
            assert texts(await parser.parse(path, MediaType.EPUB), ElementKind.TEXT) == ["The lake."]


REST = """
=====
Buoys
=====

:Author: Ann

.. note:: Keep :ref:`away <rocks>` from |rocks|.

.. versionadded:: 3.1
   With a lamp.

.. include:: /etc/passwd

.. raw:: html

   <script>alert(1)</script>

Care
====

- Clean it
- Dry it

====  =====
Part  Price
====  =====
Mast  120
====  =====

Run this::

    pump --test

See :pep:`8` and :c:func:`~lake.depth`.

.. a comment
"""


async def test_rst(parser: LimitedParser, tmp_path: Path) -> None:
    document = await sniffed(parser, saved(tmp_path / "a", REST), MediaType.RST)
    assert document.title == "Buoys"
    assert document.elements == (
        Element(ElementKind.TITLE, "Buoys", 1),
        Element(ElementKind.TEXT, "Author: Ann"),
        Element(ElementKind.TEXT, "Keep away from |rocks|."),
        Element(ElementKind.TEXT, "3.1\nWith a lamp."),
        Element(ElementKind.TITLE, "Care", 2),
        Element(ElementKind.LIST_ITEM, "Clean it"),
        Element(ElementKind.LIST_ITEM, "Dry it"),
        Element(ElementKind.TABLE, "Part: Mast; Price: 120"),
        Element(ElementKind.TEXT, "Run this:"),
        Element(ElementKind.CODE, "pump --test"),
        Element(ElementKind.TEXT, "See PEP 8 and lake.depth."),
    )


async def test_a_pep_has_its_title_from_its_headers(parser: LimitedParser, tmp_path: Path) -> None:
    headers = "PEP: 8\nTitle: Style Guide\nAuthor: Guido,\n        Barry\nStatus: Active\n"
    source = f"{headers}\nIntroduction\n============\n\nText.\n"
    document = await parser.parse(saved(tmp_path / "a", source), MediaType.RST)
    assert document.title == "PEP 8: Style Guide"
    assert titles(document) == [(1, "PEP 8: Style Guide"), (2, "Introduction")]


async def test_json(parser: LimitedParser, tmp_path: Path) -> None:
    source = {
        "title": "Stations",
        "price": 1.10,
        "open": True,
        "stations": [{"name": "North", "depth": 12}, {"name": "South", "depth": 7}],
        "tags": ["lake", "buoy"],
        "owner": {"name": "Ann", "address": {"city": "Ellery", "geo": {"point": {"lat": 1}}}},
    }
    document = await sniffed(parser, saved(tmp_path / "a", json.dumps(source).replace("1.1", "1.10")), MediaType.JSON)
    assert document.title == "Stations"
    assert document.elements == (
        Element(ElementKind.TEXT, "title: Stations\nprice: 1.10\nopen: true"),
        Element(ElementKind.TITLE, "stations", 1),
        Element(ElementKind.TABLE, "name: North; depth: 12\nname: South; depth: 7"),
        Element(ElementKind.TITLE, "tags", 1),
        Element(ElementKind.LIST_ITEM, "lake"),
        Element(ElementKind.LIST_ITEM, "buoy"),
        Element(ElementKind.TITLE, "owner", 1),
        Element(ElementKind.TEXT, "name: Ann"),
        Element(ElementKind.TITLE, "address", 2),
        Element(ElementKind.TEXT, "city: Ellery"),
        Element(ElementKind.TITLE, "geo", 3),
        Element(ElementKind.TITLE, "point", 4),
        Element(ElementKind.TEXT, "lat: 1"),
    )


async def test_json_lines(parser: LimitedParser, tmp_path: Path) -> None:
    source = '{"part": "Mast", "price": 120}\n{"part": "Hull", "price": 900}\n'
    document = await sniffed(parser, saved(tmp_path / "a", source), MediaType.JSON, ".jsonl")
    assert texts(document, ElementKind.TABLE) == ["part: Mast; price: 120\npart: Hull; price: 900"]


async def test_bad_files_have_their_error_and_the_child_lives_on(parser: LimitedParser, tmp_path: Path) -> None:
    deep = "<text:section>" * 3_000 + "<text:p>x</text:p>" + "</text:section>" * 3_000
    cases: list[tuple[bytes, str, type[DocumentError]]] = [
        (b'{"a": ', MediaType.JSON, CorruptDocument),
        (b"[" * 100_000, MediaType.JSON, UnsafeDocument),
        (b'{"a": {}, "b": [], "c": null}', MediaType.JSON, NoText),
        (office.RTF[:-40], MediaType.RTF, CorruptDocument),
        (rb"{\rtf1 " + b"{" * 10_000 + b"x" + b"}" * 10_000 + b"}", MediaType.RTF, UnsafeDocument),
        (office.odt(deep), MediaType.ODT, UnsafeDocument),
        (office.odt(""), MediaType.ODT, NoText),
        (office.epub({}), MediaType.EPUB, NoText),
        (office.message_msg(tmp_path / "whole").read_bytes()[:3_000], MediaType.MSG, CorruptDocument),
        (office.slides_pptx(tmp_path / "slides").read_bytes()[:9_000], MediaType.PPTX, CorruptDocument),
        (office.sheets_xlsx(tmp_path / "sheets").read_bytes()[:3_000], MediaType.XLSX, CorruptDocument),
    ]
    for number, (data, media_type, error) in enumerate(cases):
        with pytest.raises(error):
            await parser.parse(saved(tmp_path / str(number), data), media_type)
    assert len(parser.pids()) == 1


async def test_more_slides_sheets_or_chapters_than_pages_are_too_large(tmp_path: Path) -> None:
    parser = LimitedParser.from_settings(Settings(limits=LimitSettings(pages=1)))
    try:
        for path, media_type in (
            (office.slides_pptx(tmp_path / "a"), MediaType.PPTX),
            (office.sheets_xlsx(tmp_path / "b"), MediaType.XLSX),
            (office.lake_epub(tmp_path / "c"), MediaType.EPUB),
        ):
            with pytest.raises(DocumentTooLarge):
                await parser.parse(path, media_type)
    finally:
        await parser.close()
