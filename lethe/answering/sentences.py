"""Sentences of a chunk with their places: what an extractive answer is made of.

Inside prose `sentencex` (Wikimedia, MIT, 4 MB) decides: it knows the abbreviations of many languages. spaCy's
sentencizer cuts at "Fig. 3" and takes 1.8 s to import. What stands for itself without a full stop (headings, items,
rows, header lines of mails) is decided here by lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import sentencex

_OWN_LINE: Final = re.compile(
    r"""\s*(?:
        [-*+•◦▪–]\s+ | \(?\d{1,3}[.)]\s+ | \(?[a-z][.)]\s+   # an item of a list
      | \#{1,6}\s | \|                                      # a heading or a table row in Markdown
      | [^\W\d_][\w\ -]{0,30}:\s                          # a header line of a mail, a row as "name: value; ..."
    )""",
    re.VERBOSE,
)
_ENDS_SENTENCE: Final = re.compile(r"[.!?:;。！？…]['\"”’)\]*_]*\s*$")
_WRAPPED_LINE_CHARACTERS: Final = 50
_EDGES: Final = " \t\r\n"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a line that stands for one. ``start``/``end`` are offsets in code points into the chunk's text."""

    text: str
    start: int
    end: int

    @property
    def is_closed(self) -> bool:
        """Whether it ends as sentences do; headings, signatures and items of lists often do not."""
        return _ENDS_SENTENCE.search(self.text) is not None

    @property
    def is_question(self) -> bool:
        """Whether it asks instead of telling."""
        return self.text.rstrip(" *_\"'”’)").endswith(("?", "？"))


def sentences(text: str, language: str) -> list[Sentence]:
    """All sentences in order, without white space around them; only what has no letter or digit is left out."""
    found: list[Sentence] = []
    for start, end in _blocks(text):
        block = text[start:end]
        for first, last in _prose(block, language):
            sentence = _trimmed(text, start + first, start + last)
            if sentence is not None:
                found.append(sentence)
    return found


def _prose(block: str, language: str) -> list[tuple[int, int]]:
    """The [start, end) of each sentence of a flow of prose; an unknown language is read by English rules."""
    library = cast("Any", sentencex)  # compiled, without type information
    return [(one["start_index"], one["end_index"]) for one in library.get_sentence_boundaries(language or "en", block)]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Runs of lines that are one flow of prose; a line break inside wrapped prose does not end a block."""
    start = position = 0
    previous = ""
    for line in text.splitlines(keepends=True):
        if position > start and _begins_block(previous, line):
            yield start, position
            start = position
        position += len(line)
        previous = line
    if position > start:
        yield start, position


def _begins_block(previous: str, line: str) -> bool:
    before = previous.strip()
    if not before or not line.strip() or _OWN_LINE.match(line):
        return True
    is_wrapped = len(before) >= _WRAPPED_LINE_CHARACTERS or line.lstrip()[:1].islower()
    return bool(_ENDS_SENTENCE.search(before)) or not is_wrapped


def _trimmed(text: str, start: int, end: int) -> Sentence | None:
    piece = text[start:end]
    kept = piece.strip(_EDGES)
    if not any(character.isalnum() for character in kept):
        return None
    offset = start + len(piece) - len(piece.lstrip(_EDGES))
    return Sentence(kept, offset, offset + len(kept))
