"""From what a parser found to what a reader would read: pure, and the same every time."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from lethe.errors import NoText
from lethe.ingestion.characters import normalise, squeeze
from lethe.ingestion.furniture import without_furniture
from lethe.ingestion.languages import Languages, document_languages
from lethe.ports.parsing import Element, ElementKind, ParsedDocument

CLEANER_VERSION: Final = "1"
TITLE_CHARACTERS: Final = 300

_LAST_LETTERS: Final = re.compile(r"(?:^|[\W\d_])([^\W\d_]{2,60})-$")
_FIRST_LETTERS: Final = re.compile(r"[^\W\d_]{2,}")
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_FILLED: Final = 0.7
"""A line was broken on purpose if the next word would have left it shorter than this part of the longest line."""
_NARROW: Final = 30
"""Below this many characters a line, every break is on purpose: an address, a menu."""
_LABEL: Final = re.compile(r"[^\W\d_][\w-]{0,30}: ")
_SENTENCE_ENDS: Final = tuple(".!?:;…。！？")
_SEPARATOR: Final = "\n\n"
_NUMBERED: Final = re.compile(r"\W*\d")
"""A numbered title is a section's, not the document's."""


@dataclass(frozen=True, slots=True)
class CleanDocument:
    """A document as it is chunked and shown."""

    elements: tuple[Element, ...]
    title: str
    languages: Languages

    @property
    def text(self) -> str:
        """The whole text: the elements' texts with one empty line between them. Chunk offsets count in it."""
        return _SEPARATOR.join(element.text for element in self.elements)

    def starts(self) -> list[int]:
        """Where each element begins in `text`, in characters."""
        starts: list[int] = []
        position = 0
        for element in self.elements:
            starts.append(position)
            position += len(element.text) + len(_SEPARATOR)
        return starts


def clean(parsed: ParsedDocument, stem: str = "") -> CleanDocument:
    """Clean a parsed document; ``stem`` is the title of last resort (a file's name without suffix).

    Raises NoText when nothing readable remains.
    """
    normal = [replace(element, text=normalise(element.text)) for element in parsed.elements]
    blocks = _rejoined(without_furniture(normal))
    vocabulary = Counter(word.casefold() for block in blocks for word in _WORD.findall(block.text))
    elements = tuple(
        replace(block, text=text)
        for block in blocks
        if (text := _clean_block(block, vocabulary)) and any(character.isalnum() for character in text)
    )
    if not elements:
        raise NoText
    title = _title(one_line(parsed.title), elements) or one_line(stem)
    return CleanDocument(elements, title[:TITLE_CHARACTERS].rstrip(), document_languages(_prose(elements)))


def one_line(text: str) -> str:
    """A title as it may be shown: clean, on one line."""
    return " ".join(normalise(text).split())


def _clean_block(block: Element, vocabulary: Counter[str]) -> str:
    if block.kind is ElementKind.CODE:
        return "\n".join(line.rstrip() for line in block.text.split("\n")).strip("\n")
    if block.kind is ElementKind.TABLE:
        return squeeze(block.text)
    text = squeeze(block.text)
    return _unwrapped(text, 0 if block.kind is ElementKind.TITLE else _NARROW, vocabulary)


def _unwrapped(text: str, narrow: int, vocabulary: Counter[str]) -> str:
    """The text without the line breaks, and the hyphens before them, that only kept its lines short."""
    lines = text.split("\n")
    width = max(map(len, lines))
    parts = [lines[0]]
    for last, line in pairwise(lines):
        left, right = _LAST_LETTERS.search(last), _FIRST_LETTERS.match(line)
        if left and right:
            parts[-1] = parts[-1][:-1]
            parts.append(_mended(left[1], right[0], vocabulary))
        elif narrow and (width < narrow or _is_deliberate(last, line, width)):
            parts.append("\n")
        else:
            parts.append(_joint(last, line))
        parts.append(line)
    return "".join(parts)


def _is_deliberate(last: str, line: str, width: int) -> bool:
    if _LABEL.match(last) and _LABEL.match(line):
        return True
    return len(last) + 1 + len(line.split(" ", 1)[0]) <= width * _FILLED


def _joint(last: str, line: str) -> str:
    """Nothing between two characters of a script that writes no spaces."""
    wide = {unicodedata.east_asian_width(character) for character in (last[-1], line[0])} == {"W"}
    return "" if wide and not unicodedata.name(line[0], "").startswith("HANGUL") else " "


def _mended(left: str, right: str, vocabulary: Counter[str]) -> str:
    """What stands where a line's end broke a word: nothing, or the hyphen of a compound.

    It is a compound if the document writes it as one, or its parts alone but never the whole.
    """
    whole, compound = (left + right).casefold(), f"{left}-{right}".casefold()
    if right[0].isupper() or vocabulary[compound] > vocabulary[whole]:
        return "-"
    parts_alone = vocabulary[left.casefold()] > 1 and vocabulary[right.casefold()] > 1
    return "-" if parts_alone and not vocabulary[whole] else ""


def _rejoined(blocks: list[Element]) -> list[Element]:
    """Paragraphs that a page's end cut in two, as one on the page where they begin."""
    whole: list[Element] = []
    for block in blocks:
        last = whole[-1] if whole else None
        if last is not None and _continues(last, block):
            glue = "\n" if last.text.endswith("-") else " "
            whole[-1] = replace(last, text=last.text + glue + block.text)
        else:
            whole.append(block)
    return whole


def _continues(last: Element, block: Element) -> bool:
    if last.page is None or block.page != last.page + 1:
        return False
    is_prose = last.kind is block.kind is ElementKind.TEXT
    return is_prose and not last.text.rstrip().endswith(_SENTENCE_ENDS) and block.text.lstrip()[:1].islower()


def _prose(elements: Sequence[Element]) -> list[str]:
    """What shows a document's language: its sentences; of a table the values, since names of columns mislead."""
    prose = [element.text for element in elements if element.kind not in {ElementKind.TABLE, ElementKind.CODE}]
    if prose:
        return prose
    cells = (cell for element in elements for line in element.text.split("\n") for cell in line.split("; "))
    return [" ".join(cell.partition(": ")[2] or cell for cell in cells)]


def _title(own: str, elements: Sequence[Element]) -> str:
    """The document's own title, or the part of it that it repeats as its first heading; else that heading."""
    first = next((one_line(element.text) for element in elements if element.kind is ElementKind.TITLE), "")
    if not own:
        return "" if _NUMBERED.match(first) else first
    return first if first and first in own else own
