"""PDF with text, through PDFium: lines joined to paragraphs by their places, titles told by their type."""

import ctypes
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, cast

import pypdfium2 as pdfium
from pypdfium2 import raw

from lethe.errors import CorruptDocument, DocumentTooLarge, EncryptedDocument, Place
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_JOINED_HYPHEN: Final = "\ufffe"
"""PDFium writes this for a hyphen and the line's end after it."""
_LINE: Final = re.compile(rf"[^\r\n{_JOINED_HYPHEN}]*(?:\r\n|{_JOINED_HYPHEN})|[^\r\n{_JOINED_HYPHEN}]+|[\r\n]")
_BOLD: Final = 600
_TITLE_RATIO: Final = 1.12
_TITLE_CHARACTERS: Final = 150
_GAP_RATIO: Final = 1.35
_LEADING: Final = 1.2
"""The usual distance of lines, in sizes of their type."""
_SPREAD: Final = 0.72
"""The mean width of a character in sizes of its type: 0.5 in prose, 0.6 in type of one width."""
_LEVELS: Final = 4
_BULLET: Final = re.compile(r"(?:[•‣▪◦·–*-]|\d{1,3}[.)]|\([a-z\d]{1,2}\))\s+(?=\S)")
_NOT_A_TITLE: Final = re.compile(
    r"untitled.*|microsoft word.*|.*\.(docx?|odt|tex|indd|pdf|html?|xlsx?|pptx?)", re.IGNORECASE | re.DOTALL
)
_ENDS: Final = tuple(".!?:;…。！？")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line and its type: size in points to the half; places in points from the page's left and bottom."""

    text: str
    page: int
    size: float
    is_bold: bool
    baseline: float
    left: float
    right: float

    @property
    def is_row(self) -> bool:
        """Whether the gaps between its words are those of a table's columns."""
        return (self.right - self.left) / len(self.text) > self.size * _SPREAD


def read_pdf(path: Path, max_pages: int) -> ParsedDocument:
    """Raises EncryptedDocument, CorruptDocument, DocumentTooLarge."""
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if error.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
            raise EncryptedDocument from error
        raise CorruptDocument from error
    if len(document) > max_pages:
        raise DocumentTooLarge
    title = document.get_metadata_value("Title").strip()
    lines = [line for number in range(len(document)) for line in _lines(document, number)]
    elements = tuple(_elements(lines))
    return ParsedDocument(elements, "" if _NOT_A_TITLE.fullmatch(title) else title)


def _lines(document: pdfium.PdfDocument, number: int) -> Iterator[_Line]:
    try:
        page = document[number]
    except pdfium.PdfiumError as error:
        raise CorruptDocument("A page cannot be opened.").at(Place(page=number + 1)) from error
    text_page = page.get_textpage()
    position = 0
    for line in _LINE.findall(text_page.get_text_range()):
        if line.strip():
            yield _measured(text_page, line, position, number + 1)
        position += len(line)
    text_page.close()
    page.close()


def _measured(text_page: pdfium.PdfTextPage, line: str, position: int, page: int) -> _Line:
    """The type of a line is that of its first letter, or its first character that shows."""
    shown = line.rstrip(f"\r\n {_JOINED_HYPHEN}")
    index = position + next((at for at, character in enumerate(shown) if character.isalnum()), 0)
    left = _box(text_page, position)[0]
    right = _box(text_page, position + max(0, len(shown) - 1))[2]
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(text_page, index, x, y)
    size = round(raw.FPDFText_GetFontSize(text_page, index) * 2) / 2
    weight = raw.FPDFText_GetFontWeight(text_page, index)
    text = line.strip().replace(_JOINED_HYPHEN, "-")
    return _Line(text, page, size, weight >= _BOLD, y.value, left, right)


def _box(text_page: pdfium.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a character."""
    return cast("tuple[float, float, float, float]", text_page.get_charbox(index))


def _elements(lines: Sequence[_Line]) -> Iterator[Element]:
    if not lines:
        return
    body = _body_size(lines)
    levels = _title_levels(lines, body)
    spacing = _line_spacing(lines)
    block: list[_Line] = []
    for line in lines:
        if block and _breaks(block[-1], line, spacing, _level(block[-1], levels) != _level(line, levels)):
            yield _element(block, levels)
            block = []
        block.append(line)
    yield _element(block, levels)


def _element(block: list[_Line], levels: dict[tuple[float, bool], int]) -> Element:
    text = _joined(block)
    level = _level(block[0], levels)
    if level and len(text) <= _TITLE_CHARACTERS and any(character.isalpha() for character in text):
        return Element(ElementKind.TITLE, text, level, block[0].page)
    kind = ElementKind.LIST_ITEM if _BULLET.match(text) else ElementKind.TEXT
    return Element(kind, text, 0, block[0].page)


def _breaks(last: _Line, line: _Line, spacing: float, level_changes: bool) -> bool:
    if line.page != last.page or level_changes or _BULLET.match(line.text):
        return True
    gap = last.baseline - line.baseline
    if gap <= 0:  # upwards: the next cell of a table's row, or the next column, which may go on with the sentence
        return gap < -last.size and last.text.endswith(_ENDS)
    if last.is_row or line.is_row:
        return True
    return gap > max(spacing, last.size * _LEADING) * _GAP_RATIO


def _joined(block: list[_Line]) -> str:
    """Lines as they were laid out; on one line where the block goes upwards, since that is a row with broken cells."""
    is_row = any(line.baseline >= last.baseline for last, line in pairwise(block))
    text = block[0].text
    for last, line in pairwise(block):
        text += (" " if is_row and not last.text.endswith("-") else "\n") + line.text
    return text


def _level(line: _Line, levels: dict[tuple[float, bool], int]) -> int:
    return levels.get((line.size, line.is_bold), 0)


def _body_size(lines: Sequence[_Line]) -> tuple[float, bool]:
    sizes: Counter[tuple[float, bool]] = Counter()
    for line in lines:
        sizes[line.size, line.is_bold] += len(line.text)
    return sizes.most_common(1)[0][0]


def _title_levels(lines: Sequence[_Line], body: tuple[float, bool]) -> dict[tuple[float, bool], int]:
    """Sizes of type above the body's, or bold at its size where the body is not, from the largest down."""
    size, is_bold = body
    styles = {(line.size, line.is_bold) for line in lines}
    larger = sorted({style for style in styles if style[0] >= size * _TITLE_RATIO}, reverse=True)
    bold = [(size, True)] if not is_bold and (size, True) in styles else []
    return {style: min(place + 1, _LEVELS) for place, style in enumerate([*larger, *bold])}


def _line_spacing(lines: Sequence[_Line]) -> float:
    """The usual distance of two baselines: the most frequent positive one, in points."""
    gaps = Counter(
        round(last.baseline - line.baseline, 1)
        for last, line in pairwise(lines)
        if last.page == line.page and last.baseline > line.baseline
    )
    return gaps.most_common(1)[0][0] if gaps else 0.0
