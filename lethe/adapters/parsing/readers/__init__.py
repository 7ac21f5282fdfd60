"""A reader per format: a path in, a ParsedDocument out. They run in the child only."""

from collections.abc import Callable
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
from lethe.ingestion.sniffing import (
    CSV,
    DOCX,
    EML,
    EPUB,
    HTML,
    JSON,
    MARKDOWN,
    MSG,
    ODT,
    PDF,
    PLAIN,
    PPTX,
    RST,
    RTF,
    XLSX,
)
from lethe.ports.parsing import ParsedDocument
from lethe.settings import PdfStrategy

_READERS: Final[dict[str, Callable[[Path], ParsedDocument]]] = {
    PLAIN: texts.read_plain,
    MARKDOWN: texts.read_markdown,
    RST: restructured.read_rst,
    HTML: texts.read_html,
    CSV: tables.read_csv,
    JSON: data.read_json,
    EML: mail.read_mail,
    MSG: outlook.read_msg,
    RTF: richtext.read_rtf,
    DOCX: words.read_docx,
    ODT: opendocument.read_odt,
}
_PAGED: Final[dict[str, Callable[[Path, int], ParsedDocument]]] = {
    PDF: pages.read_pdf,
    PPTX: slides.read_pptx,
    XLSX: sheets.read_xlsx,
    EPUB: books.read_epub,
}
"""Those that count pages, slides, sheets or chapters."""


def read(path: Path, media_type: str, limits: Limits) -> ParsedDocument:
    """Read one file. Raises DocumentError, and whatever the vendor raises on a damaged file."""
    try:
        if media_type == PDF and limits.strategy != PdfStrategy.TEXT:
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
