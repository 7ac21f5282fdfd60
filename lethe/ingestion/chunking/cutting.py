"""Cutting a text by tokens, never inside a character."""

from collections.abc import Iterator
from typing import Final

from lethe.ingestion.characters import starts_cluster
from lethe.ports.embedding import Tokenizer

CHARACTERS_PER_TOKEN: Final = 20
"""A token counts for at least each 20 characters: tokenizers make one of any long run they do not know."""
_BACK: Final = 3
"""A cut goes back at most a third of the piece to reach a space."""

Span = tuple[int, int]
"""[start, end) in characters."""


def fits(text: str, start: int, end: int, tokenizer: Tokenizer, limit: int) -> int | None:
    """The number of tokens of the span if they are at most ``limit``."""
    if end - start > limit * CHARACTERS_PER_TOKEN:
        return None
    tokens = len(tokenizer.offsets(text[start:end].rstrip()))
    return tokens if tokens <= limit else None


def pieces(text: str, start: int, end: int, tokenizer: Tokenizer, limit: int) -> Iterator[tuple[int, int, int]]:
    """[start, end) in (start, end, tokens) of at most ``limit`` tokens, cut at a space if one is near."""
    while start < end:
        stop, tokens = piece(text, start, end, tokenizer, limit)
        yield start, stop, tokens
        start = stop


def piece(text: str, start: int, end: int, tokenizer: Tokenizer, limit: int) -> tuple[int, int]:
    """Where the longest piece from ``start`` that fits ends (at least one code point on), and its tokens."""
    stop = min(end, start + limit * CHARACTERS_PER_TOKEN)
    while True:
        tokens = tokenizer.offsets(text[start:stop].rstrip())
        if stop == start + 1 or (len(tokens) <= limit and (stop == end or starts_cluster(text, stop))):
            return stop, len(tokens)
        cut = start + tokens[limit][0] if len(tokens) > limit else stop - 1
        stop = max(start + 1, nearest_cut(text, start, min(cut, stop - 1)))


def nearest_cut(text: str, start: int, cut: int) -> int:
    """The last good place in (start, cut]: after a space, else between two characters, else ``cut`` itself."""
    for place in range(cut, start + (cut - start) * (_BACK - 1) // _BACK, -1):
        if text[place - 1].isspace() and not text[place].isspace():
            return place
    return next((place for place in range(cut, start, -1) if starts_cluster(text, place)), cut)


def word_start(text: str, start: int, end: int) -> int | None:
    """The first place in [start, end) where a word begins after white space."""
    for place in range(max(start, 1), end):
        if text[place - 1].isspace() and not text[place].isspace() and starts_cluster(text, place):
            return place
    return None


def trimmed(text: str, start: int, end: int) -> Span:
    """The span without the white space around it."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
