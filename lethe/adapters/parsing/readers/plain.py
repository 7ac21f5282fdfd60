"""Plain text: paragraphs, underlined titles, lists, indented blocks."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from unstructured.partition.text import element_from_text

from lethe.adapters.parsing.readers.mapping import kind_of
from lethe.ports.parsing import Element, ElementKind

_BLANK_LINES: Final = re.compile(r"\n(?:[ \t\f\v]*+\n)++")
_UNDERLINE: Final = re.compile(r"([=\-~^\"'`#*+_:.<>])\1{2,}")
_BULLET: Final = re.compile(r"[ \t]*(?:[-*+•‣▪◦·–]|\d{1,3}[.)]|[a-zA-Z][.)])[ \t]+(?=\S)")
_HASHES: Final = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_NUMBERED: Final = re.compile(r"\d{1,2}(?:\.\d{1,2})*\.?[ \t]+[^\W\d_].{0,70}(?<![.!?;:,])")
_SHORTER: Final = 0.7
_INDENT: Final = re.compile(r"(?: {4}|\t)")
_HEADING_CHARACTERS: Final = 100
_GUESSED: Final = 99
"""The level of a title that only looks like one, until the whole document is known."""


def plain_elements(text: str) -> list[Element]:
    """The blocks of a text. A short line counts as a title by its looks only where no title is marked."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n\n")
    styles: list[str] = []
    found = [element for block in _BLANK_LINES.split(text) if block.strip() for element in _block(block, styles)]
    return _settled(found)


def _block(block: str, styles: list[str]) -> Iterator[Element]:
    lines = block.strip("\n").split("\n")
    while len(lines) > 1 and (taken := _marked_title(lines, styles)):
        title, used = taken
        yield title
        lines = lines[used:]
    if _is_numbered_title(lines):
        yield Element(ElementKind.TITLE, lines[0].strip(), _depth(lines[0]))
        lines = lines[1:]
    rest = "\n".join(lines)
    if not rest.strip():
        return
    if all(_INDENT.match(line) or not line.strip() for line in lines) and not _BULLET.match(lines[0]):
        yield Element(ElementKind.CODE, rest)
    elif _BULLET.match(lines[0]):
        yield from _items(lines)
    elif len(lines) == 1:
        yield _single(lines[0].strip())
    else:
        yield Element(ElementKind.TEXT, rest)


def _marked_title(lines: list[str], styles: list[str]) -> tuple[Element, int] | None:
    """A title with a line under it, or above and under it; levels in the order in which the styles first appear."""
    over = _UNDERLINE.fullmatch(lines[0].rstrip())
    start = 1 if over and len(lines) > 2 else 0
    if len(lines) < start + 2:
        return None
    text, under = lines[start].strip(), _UNDERLINE.fullmatch(lines[start + 1].rstrip())
    is_title = text and under and len(under[0]) >= min(len(text), 4) and not _UNDERLINE.fullmatch(text)
    if not is_title or under is None or len(text) > _HEADING_CHARACTERS:
        return None
    style = f"{'over' if start else ''}{under[1]}"
    if style not in styles:
        styles.append(style)
    return Element(ElementKind.TITLE, text, styles.index(style) + 1), start + 2


def _is_numbered_title(lines: list[str]) -> bool:
    """Whether a block begins with a line like "2. Trains and planes", short before a longer one that is no item."""
    if len(lines) < 2 or not _NUMBERED.fullmatch(lines[0].rstrip()) or lines[1][:1].isspace():
        return False
    return not _BULLET.match(lines[1]) and len(lines[0]) < len(lines[1]) * _SHORTER


def _depth(line: str) -> int:
    """A title numbered "4." is of level 1, one numbered "4.2" of level 2."""
    number = line.split(maxsplit=1)[0].strip(".")
    return number.count(".") + 1


def _items(lines: list[str]) -> Iterator[Element]:
    item: list[str] = []
    for line in lines:
        if _BULLET.match(line) and item:
            yield Element(ElementKind.LIST_ITEM, "\n".join(item))
            item = []
        item.append(line)
    yield Element(ElementKind.LIST_ITEM, "\n".join(item))


def _single(line: str) -> Element:
    """One line by itself: only here is unstructured's (slow) judgement of language worth its time."""
    if hashes := _HASHES.fullmatch(line):
        return Element(ElementKind.TITLE, hashes[2].rstrip("# "), len(hashes[1]))
    if len(line) > _HEADING_CHARACTERS:
        return Element(ElementKind.TEXT, line)
    kind = kind_of(element_from_text(line))
    if kind is ElementKind.TITLE and ": " not in line:
        return Element(ElementKind.TITLE, line, _GUESSED)
    return Element(ElementKind.LIST_ITEM if kind is ElementKind.LIST_ITEM else ElementKind.TEXT, line)


def _settled(found: list[Element]) -> list[Element]:
    has_marked = any(element.kind is ElementKind.TITLE and element.level != _GUESSED for element in found)
    settled: list[Element] = []
    for place, element in enumerate(found):
        if element.level != _GUESSED:
            settled.append(element)
            continue
        follows = found[place + 1] if place + 1 < len(found) else None
        heads_text = follows is not None and follows.level != _GUESSED
        is_title = not has_marked and (heads_text or (place == 0 and follows is not None))
        kind = ElementKind.TITLE if is_title else ElementKind.TEXT
        settled.append(replace(element, kind=kind, level=1 if is_title else 0))
    return settled
