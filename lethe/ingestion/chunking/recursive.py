"""Chunks of a number of characters, cut at the widest separator that will do: paragraph, line, sentence, space."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from lethe.ingestion.chunking.cutting import Span, fits, nearest_cut, pieces, word_start
from lethe.ingestion.chunking.plan import ChunkPlan
from lethe.ingestion.sentences import sentence_spans
from lethe.ports.embedding import Tokenizer

Part = tuple[int, int, int]
"""(start, end, tokens)."""


def windows(text: str, tokenizer: Tokenizer, plan: ChunkPlan) -> Iterator[list[Span]]:
    """Runs of parts of at most ``plan.characters`` and the target size together; see ChunkPlan for the overlap."""
    current: list[Part] = []
    for part in _split(text, 0, len(text), tokenizer, plan, 0):
        if current and not _takes(current, part, plan):
            yield [(start, end) for start, end, _ in current]
            current = _repeated(text, current, part, tokenizer, plan)
        current.append(part)
    if current:
        yield [(start, end) for start, end, _ in current]


def _split(text: str, start: int, end: int, tokenizer: Tokenizer, plan: ChunkPlan, level: int) -> Iterator[Part]:
    """The span itself if it fits, else its parts by the separator of that level, each treated alike."""
    tokens = fits(text, start, end, tokenizer, plan.sizes.target) if end - start <= plan.characters else None
    if tokens is not None:
        yield start, end, tokens
    elif level < len(_SEPARATORS):
        for first, last in _SEPARATORS[level](text, start, end):
            yield from _split(text, first, last, tokenizer, plan, level + 1)
    else:
        # Pieces leave room for the overlap, without which the words around a cut would never stand together.
        tokens_left = plan.sizes.target - plan.sizes.overlap
        while start < end:
            most = min(end, start + plan.characters - plan.overlap_characters)
            stop = most if most == end else max(start + 1, nearest_cut(text, start, most))
            yield from pieces(text, start, stop, tokenizer, tokens_left)
            start = stop


def _by(separator: str) -> Callable[[str, int, int], Iterator[Span]]:
    def parts(text: str, start: int, end: int) -> Iterator[Span]:
        while start < end:
            found = text.find(separator, start, end)
            stop = end if found < 0 else found + len(separator)
            yield start, stop
            start = stop

    return parts


def _by_sentence(text: str, start: int, end: int) -> Iterator[Span]:
    return ((start + first, start + last) for first, last in sentence_spans(text[start:end]))


_SEPARATORS: Final = (_by("\n\n"), _by("\n"), _by_sentence)


def _takes(current: Sequence[Part], part: Part, plan: ChunkPlan) -> bool:
    tokens = sum(held for *_, held in current) + part[2]
    return part[1] - current[0][0] <= plan.characters and tokens <= plan.sizes.target


def _repeated(text: str, done: Sequence[Part], part: Part, tokenizer: Tokenizer, plan: ChunkPlan) -> list[Part]:
    """The end of a chunk that the next one repeats: whole parts, else the last words of the last one."""
    room = min(plan.overlap_characters, plan.characters - (part[1] - part[0]))
    tokens = plan.sizes.target - part[2]
    end = part[0]
    repeated: list[Part] = []
    for held in reversed(done[1:]):
        if end - held[0] > room or held[2] > tokens:
            break
        repeated.insert(0, held)
        tokens -= held[2]
    if repeated or room <= 0:
        return repeated
    low = max(done[-1][0] + 1, end - room)
    offsets = tokenizer.offsets(text[low:end])
    if len(offsets) > tokens:
        low = low + offsets[len(offsets) - tokens][0] if tokens > 0 else end
    start = word_start(text, low, end)
    count = None if start is None else fits(text, start, end, tokenizer, tokens)
    return [] if start is None or count is None else [(start, end, count)]
