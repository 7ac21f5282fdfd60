"""PowerPoint files, through python-pptx: a slide is a page, its title a title."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER

from lethe.adapters.parsing.readers.grids import Row, table_text
from lethe.errors import DocumentTooLarge
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

_TITLES: Final = (PP_PLACEHOLDER.TITLE, PP_PLACEHOLDER.CENTER_TITLE, PP_PLACEHOLDER.VERTICAL_TITLE)
_LISTS: Final = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY)
_NOT_CONTENT: Final = (PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.SLIDE_NUMBER)
_DEFAULT_TITLE: Final = "PowerPoint Presentation"
"""What PowerPoint and python-pptx say of a file that was given no title."""


def read_pptx(path: Path, max_pages: int) -> ParsedDocument:
    """Text in the order of the shapes, tables, and the speaker's notes. Raises DocumentTooLarge."""
    deck = Presentation(str(path))
    if len(deck.slides) > max_pages:
        raise DocumentTooLarge
    elements = tuple(element for page, slide in enumerate(deck.slides, start=1) for element in _slide(slide, page))
    title = str(deck.core_properties.title or "").strip()
    return ParsedDocument(elements, "" if title == _DEFAULT_TITLE else title)


def _slide(slide: Any, page: int) -> Iterator[Element]:
    shapes = list(_leaves(slide.shapes))
    for shape in sorted(shapes, key=lambda shape: _place(shape) not in _TITLES):
        yield from _shape(shape, page)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = str(slide.notes_slide.notes_text_frame.text).strip()
        if notes:
            yield Element(ElementKind.TEXT, notes, 0, page)


def _leaves(shapes: Iterable[Any]) -> Iterator[Any]:
    """The shapes that hold something themselves; groups are opened."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _leaves(shape.shapes)
        else:
            yield shape


def _shape(shape: Any, page: int) -> Iterator[Element]:
    place = _place(shape)
    if place in _NOT_CONTENT:
        return
    if getattr(shape, "has_table", False):
        first = bool(shape.table.first_row)
        rows = [
            Row(tuple(" ".join(str(cell.text).split()) for cell in row.cells), first and number == 0)
            for number, row in enumerate(shape.table.rows)
        ]
        if text := table_text(rows):
            yield Element(ElementKind.TABLE, text, 0, page)
    elif shape.has_text_frame:
        yield from _texts(shape, place, page)


def _texts(shape: Any, place: object, page: int) -> Iterator[Element]:
    paragraphs = [str(paragraph.text).replace("\v", "\n").strip() for paragraph in shape.text_frame.paragraphs]
    if place in _TITLES:
        title = " ".join(" ".join(paragraphs).split())
        yield from (Element(ElementKind.TITLE, title, 1, page),) if title else ()
        return
    kind = ElementKind.FOOTER if place == PP_PLACEHOLDER.FOOTER else ElementKind.TEXT
    filled = [text for text in paragraphs if text]
    if place in _LISTS and len(filled) > 1:
        kind = ElementKind.LIST_ITEM
    yield from (Element(kind, text, 0, page) for text in filled)


def _place(shape: Any) -> object:
    return shape.placeholder_format.type if shape.is_placeholder else None
