"""Small whole documents in a zip container, into which the others plant their harm."""

import io
import zipfile

from tests.integration.parsing.office import EPUB_TYPE, ODT_TYPE, epub, odt

_TYPES = "application/vnd.openxmlformats-officedocument."
WORD_MAIN = f"{_TYPES}wordprocessingml.document.main+xml"
SHEET_MAIN = f"{_TYPES}spreadsheetml.sheet.main+xml"
SLIDES_MAIN = f"{_TYPES}presentationml.presentation.main+xml"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    f'xmlns:r="{_RELATIONS}" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)
WORDS = "The buoy sends its readings once an hour to the portal."
Parts = dict[str, str | bytes]


def packed(parts: Parts, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file with these members in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def unpacked(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {member.filename: archive.read(member) for member in archive.infolist()}


def word(body: str = "", main: str = WORD_MAIN, **more: str | bytes) -> Parts:
    """A docx of one paragraph; ``body`` follows it. ``more`` are parts of its folder, by names without suffix."""
    document = f"<w:document {_W}><w:body><w:p><w:r><w:t>{WORDS}</w:t></w:r></w:p>{body}</w:body></w:document>"
    return _office("word/document.xml", document, main, {f"word/{name}.xml": part for name, part in more.items()})


def book(sheet: str = "", head: str = "", main: str = SHEET_MAIN) -> Parts:
    """An xlsx of one cell; ``sheet`` are further rows, ``head`` stands before the rows."""
    row = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{WORDS}</t></is></c></row>'
    workbook = (
        f'<workbook {_S} xmlns:r="{_RELATIONS}"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    parts: Parts = {
        "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f"<worksheet {_S}>{head}<sheetData>{row}{sheet}</sheetData></worksheet>",
    }
    return _office("xl/workbook.xml", workbook, main, parts)


def deck() -> Parts:
    """A pptx of one slide with a text box."""
    box = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="t"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr><p:spPr/>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{WORDS}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    slide = (
        f'<p:sld {_P}><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr>'
        f"<p:grpSpPr/>{box}</p:spTree></p:cSld></p:sld>"
    )
    show = f'<p:presentation {_P}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>'
    parts: Parts = {
        "ppt/_rels/presentation.xml.rels": _relations("slide", "slides/slide1.xml"),
        "ppt/slides/slide1.xml": slide,
    }
    types = {"/ppt/slides/slide1.xml": f"{_TYPES}presentationml.slide+xml"}
    return _office("ppt/presentation.xml", show, SLIDES_MAIN, parts, types)


def text() -> Parts:
    """An odt."""
    return unpacked(odt())


def novel() -> Parts:
    """An epub."""
    return unpacked(epub({"one": f"<p>{WORDS}</p>"}))


def _office(
    place: str, main_part: str, kind: str, parts: dict[str, str | bytes], types: dict[str, str] | None = None
) -> Parts:
    overrides = {f"/{place}": kind, **(types or {})}
    if place.startswith("xl/"):
        overrides["/xl/worksheets/sheet1.xml"] = f"{_TYPES}spreadsheetml.worksheet+xml"
    listed = "".join(f'<Override PartName="{name}" ContentType="{value}"/>' for name, value in overrides.items())
    content_types = (
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        f"{listed}</Types>"
    )
    return {
        "[Content_Types].xml": content_types,
        "_rels/.rels": _relations("officeDocument", place),
        place: main_part,
        **parts,
    }


def _relations(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/{kind}" Target="{target}"/></Relationships>'
    )


__all__ = ["EPUB_TYPE", "ODT_TYPE", "WORDS", "Parts", "book", "deck", "novel", "packed", "text", "unpacked", "word"]
