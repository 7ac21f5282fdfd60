"""A reader per format: a path in, a ParsedDocument out. They run in the child only."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from lethe.adapters.parsing.readers import (
    books,
    data,
    mail,
    opendocument,
    outlook,
    pages,
    restructured,
    richtext,
    scans,
    sheets,
    slides,
    tables,
    texts,
    words,
)
from lethe.adapters.parsing.wire import Limits
from lethe.errors import NoText, UnsafeDocument, UnsupportedType
from lethe.ingestion.sniffing import MediaType
from lethe.ports.parsing import ParsedDocument
from lethe.settings import PdfStrategy

_READERS: Final[Mapping[str, Callable[[Path], ParsedDocument]]] = {
    MediaType.PLAIN: texts.read_plain,
    MediaType.MARKDOWN: texts.read_markdown,
    MediaType.RST: restructured.read_rst,
    MediaType.HTML: texts.read_html,
    MediaType.CSV: tables.read_csv,
    MediaType.JSON: data.read_json,
    MediaType.EML: mail.read_mail,
    MediaType.MSG: outlook.read_msg,
    MediaType.RTF: richtext.read_rtf,
    MediaType.DOCX: words.read_docx,
    MediaType.ODT: opendocument.read_odt,
}
_PAGED: Final[Mapping[str, Callable[[Path, int], ParsedDocument]]] = {
    MediaType.PDF: pages.read_pdf,
    MediaType.PPTX: slides.read_pptx,
    MediaType.XLSX: sheets.read_xlsx,
    MediaType.EPUB: books.read_epub,
}
"""Those that count pages, slides, sheets or chapters."""


def read(path: Path, media_type: str, limits: Limits) -> ParsedDocument:
    """Read one file. Raises DocumentError, and whatever the vendor raises on a damaged file."""
    try:
        if media_type == MediaType.PDF and limits.strategy != PdfStrategy.TEXT:
            document = scans.read_scanned(path, limits)
        elif media_type in _PAGED:
            document = _PAGED[media_type](path, limits.pages)
        elif media_type in _READERS:
            document = _READERS[media_type](path)
        else:
            raise UnsupportedType
    except RecursionError:
        raise UnsafeDocument("The document is nested beyond what documents are.") from None
    if not any(character.isalnum() for element in document.elements for character in element.text):
        raise NoText
    return document
