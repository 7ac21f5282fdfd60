"""Windows of a fixed number of tokens, whatever the text is."""

from collections.abc import Iterator

from lethe.ingestion.characters import starts_cluster
from lethe.ingestion.chunking.cutting import Span, piece
from lethe.ingestion.chunking.plan import ChunkSizes
from lethe.ports.embedding import Tokenizer


def windows(text: str, tokenizer: Tokenizer, sizes: ChunkSizes) -> Iterator[list[Span]]:
    """Spans of at most the target size; each begins, if a character begins there, ``overlap`` tokens before the last
    one ended.
    """
    start = end = 0
    while end < len(text):
        stop, _ = piece(text, start, len(text), tokenizer, sizes.target)
        if stop <= end:  # the repeated part alone fills the window
            start = end
            continue
        yield [(start, stop)]
        start, end = _overlapping(text, start, stop, tokenizer, sizes.overlap), stop


def _overlapping(text: str, start: int, stop: int, tokenizer: Tokenizer, overlap: int) -> int:
    """Where the last ``overlap`` tokens begin, or fewer: several tokens may share a character."""
    offsets = tokenizer.offsets(text[start:stop])
    for number in range(max(1, len(offsets) - overlap), len(offsets)):
        place = start + offsets[number][0]
        if offsets[number - 1][0] < offsets[number][0] and starts_cluster(text, place):
            return place
    return stop
