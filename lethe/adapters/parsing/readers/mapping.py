"""unstructured's elements as ours."""

from collections.abc import Iterable, Iterator
from typing import Final

from unstructured.documents import elements as vendor

from lethe.adapters.parsing.readers.grids import rows_of_html, table_text
from lethe.ports.parsing import Element, ElementKind

_KINDS: Final = (
    (vendor.Title, ElementKind.TITLE),
    (vendor.ListItem, ElementKind.LIST_ITEM),
    (vendor.Table, ElementKind.TABLE),
    (vendor.CodeSnippet, ElementKind.CODE),
    (vendor.Header, ElementKind.HEADER),
    (vendor.Footer, ElementKind.FOOTER),
)
_SKIPPED: Final = (vendor.PageBreak, vendor.Image)


def map_elements(found: Iterable[vendor.Element]) -> Iterator[Element]:
    """Each element with its kind, a title's level and its page; tables as rows of "column: value"."""
    for element in found:
        if isinstance(element, _SKIPPED):
            continue
        kind = kind_of(element)
        text = element.text
        if kind is ElementKind.TABLE and element.metadata.text_as_html:
            text = table_text(rows_of_html(element.metadata.text_as_html))
        if not text.strip():
            continue
        depth = element.metadata.category_depth
        level = (depth or 0) + 1 if kind is ElementKind.TITLE else 0
        yield Element(kind, text, level, element.metadata.page_number)


def kind_of(element: vendor.Element) -> ElementKind:
    """Our kind for an element of unstructured's; TEXT for all that is prose."""
    return next((kind for cls, kind in _KINDS if isinstance(element, cls)), ElementKind.TEXT)
