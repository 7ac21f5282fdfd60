"""Where a part of a document stands: the titles above it, its page, and in a table the row it belongs to."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from typing import Final

from lethe.ingestion.chunking.cutting import nearest_cut
from lethe.ingestion.cleaning import CleanDocument
from lethe.ports.parsing import ElementKind

SECTION_SEPARATOR: Final = " > "
CELL_END: Final = "; "
_SECTION_CHARACTERS: Final = 500
_LABEL_CHARACTERS: Final = 80
_SPACE: Final = re.compile(r"\s+")

Path = tuple[str, ...]
"""Titles, the outermost first."""


class Outline:
    """The titles above each element of a document, by place in its text."""

    def __init__(self, document: CleanDocument) -> None:
        self._document = document
        self._text = document.text
        self._starts = document.starts()
        self._ends = [start + len(element.text) for start, element in zip(self._starts, document.elements, strict=True)]
        self.paths = _paths(document)
        """The titles above each element, a title's own included."""

    @property
    def top_level(self) -> int:
        """The highest level with more than one title; a single one above it is the document's own."""
        titles = (element for element in self._document.elements if element.kind is ElementKind.TITLE)
        levels = Counter(element.level for element in titles)
        return min((level for level, count in levels.items() if count > 1), default=min(levels, default=1))

    def section(self, start: int, end: int) -> str:
        """The document's title and those that all of [start, end) stands under, joined.

        A part from the middle of a table's row has the row's first cell at its end, which says whose row it is.
        """
        touched = range(bisect_right(self._ends, start), bisect_left(self._starts, end))
        elements = self._document.elements
        paths = [self.paths[place] for place in touched if elements[place].kind is not ElementKind.TITLE]
        common = _common(paths or [self.paths[touched[-1]]])
        section = SECTION_SEPARATOR.join(_SPACE.sub(" ", title) for title in common)[:_SECTION_CHARACTERS]
        return _joined(self._document.title, section, self._row_label(touched[0], start, end))

    def page(self, start: int) -> int | None:
        """The page of what stands at ``start``."""
        return self._document.elements[bisect_right(self._ends, start)].page

    def _row_label(self, place: int, start: int, end: int) -> str:
        if self._document.elements[place].kind is not ElementKind.TABLE:
            return ""
        first = self._text.rfind("\n", self._starts[place], start) + 1 or self._starts[place]
        found = self._text.find("\n", start, self._ends[place])
        last = self._ends[place] if found < 0 else found
        if start == first or end > last:
            return ""
        label = self._text[first : min(start, last)].split(CELL_END, maxsplit=1)[0].rstrip("; ")
        if len(label) > _LABEL_CHARACTERS:
            label = label.split(": ", maxsplit=1)[0]
        if len(label) > _LABEL_CHARACTERS:
            label = label[: nearest_cut(label, 0, _LABEL_CHARACTERS)].rstrip()
        return label


def _paths(document: CleanDocument) -> list[Path]:
    titles: list[tuple[int, str]] = []
    paths: list[Path] = []
    for element in document.elements:
        if element.kind is ElementKind.TITLE:
            while titles and titles[-1][0] >= element.level:
                titles.pop()
            titles.append((element.level, element.text))
        paths.append(tuple(title for _, title in titles))
    return paths


def _common(paths: list[Path]) -> Path:
    common = paths[0]
    for path in paths[1:]:
        shared = next((place for place, (a, b) in enumerate(zip(common, path, strict=False)) if a != b), None)
        common = common[: min(len(common), len(path))] if shared is None else common[:shared]
    return common


def _joined(title: str, section: str, label: str) -> str:
    """From the document's own title down: a chunk is found by the words of its title too."""
    has_title = not title or section.split(SECTION_SEPARATOR, maxsplit=1)[0] == title
    parts = [section, label] if has_title else [title, section, label]
    return SECTION_SEPARATOR.join(part for part in parts if part)
