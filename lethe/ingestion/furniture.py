"""Page furniture: headers, footers and page numbers that repeat from page to page."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from lethe.ports.parsing import Element, ElementKind

_PAGES: Final = 3
"""A line must stand at the edge of at least this many pages, and of a third of them, to be furniture.

In a document of two pages it must be the very first or last line of both.
"""
_SHARE: Final = 3
_EDGE_LINES: Final = 2
_LINE_CHARACTERS: Final = 150
"""A longer line is text."""
_NUMBERS: Final = 4
_DIGITS: Final = re.compile(r"\d{1,9}")
_PAGE_NUMBER_CHARACTERS: Final = 40
_PAGE_WORDS: Final = r"(?:page|seite|página|pagina|стр(?:аница)?|p|s)"
_PAGE_NUMBER: Final = re.compile(
    rf"\W*(?:{_PAGE_WORDS}\.?)?\s*\d+\s*(?:(?:/|of|von|de|di|из)\s*\d+)?\W*", re.IGNORECASE
)

_Place = tuple[int, int]
"""(index of the element, index of the line in it)."""


def without_furniture(elements: Sequence[Element]) -> list[Element]:
    """The elements without the lines that repeat, but for the page's number, at the top or bottom of pages.

    Headers and footers that the parser recognised stay once each, unless they hold a page number only.
    """
    lines = [element.text.split("\n") for element in elements]
    dropped = _furniture(elements, lines)
    kept: list[Element] = []
    marginal: set[str] = set()
    for index, element in enumerate(elements):
        text = "\n".join(line for number, line in enumerate(lines[index]) if (index, number) not in dropped)
        if element.kind in {ElementKind.HEADER, ElementKind.FOOTER}:
            if _is_page_number(text) or text in marginal:
                continue
            marginal.add(text)
        if text:
            kept.append(replace(element, text=text))
    return kept


def _furniture(elements: Sequence[Element], lines: Sequence[Sequence[str]]) -> set[_Place]:
    edges = _edges(elements, lines)
    shapes = {place: _shapes(lines[place[0]][place[1]], page) for page, places in edges.items() for place in places}
    counts = Counter(
        shape for places in edges.values() for shape in {shape for place in places for shape in shapes[place]}
    )
    needed = max(min(_PAGES, max(2, len(edges))), -(-len(edges) // _SHARE))
    dropped: set[_Place] = set()
    titled: set[str] = set()
    for place, own in sorted(shapes.items()):
        line = lines[place[0]][place[1]]
        if _is_number_of(elements[place[0]].page, line):
            dropped.add(place)
        elif any(counts[shape] >= needed for shape in own):
            if elements[place[0]].kind is ElementKind.TITLE and line not in titled:
                titled.add(line)  # a document's title is often its running header too: it stays where it comes first
            else:
                dropped.add(place)
    return dropped


def _edges(elements: Sequence[Element], lines: Sequence[Sequence[str]]) -> dict[int, list[_Place]]:
    """For each page its first and last lines."""
    pages: dict[int, list[_Place]] = {}
    for index, element in enumerate(elements):
        if element.page is not None and element.kind is not ElementKind.TABLE:
            places = [(index, number) for number, line in enumerate(lines[index]) if line.strip()]
            pages.setdefault(element.page, []).extend(places)
    depth = _EDGE_LINES if len(pages) >= _PAGES else 1
    return {page: [*places[:depth], *places[depth:][-depth:]] for page, places in pages.items()}


def _shapes(line: str, page: int) -> set[str]:
    """What a line has in common with the same header on other pages: all of it, or all but one number that counts on
    with the pages.
    """
    if len(line) > _LINE_CHARACTERS:
        return set()
    text = " ".join(line.casefold().split())
    numbers = list(_DIGITS.finditer(text))[:_NUMBERS]
    counted = {f"{text[: n.start()]}#{int(n[0]) - page}{text[n.end() :]}" for n in numbers}
    return {text, *counted}


def _is_number_of(page: int | None, line: str) -> bool:
    """Whether a line holds nothing but the number of the page it stands on."""
    return _is_page_number(line) and str(page) in _DIGITS.findall(line)[:1]


def _is_page_number(text: str) -> bool:
    return len(text) <= _PAGE_NUMBER_CHARACTERS and _PAGE_NUMBER.fullmatch(text) is not None
