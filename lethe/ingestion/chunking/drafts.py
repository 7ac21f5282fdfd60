"""From runs of pieces to chunks: trimmed, counted, placed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lethe.ingestion.chunking.cutting import Span, trimmed
from lethe.ingestion.chunking.outline import Outline
from lethe.ingestion.cleaning import CleanDocument
from lethe.ports.embedding import Tokenizer


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A chunk before it is sealed. ``text`` is ``document.text[start:end]``; ``page`` is where it begins.

    ``section`` is the path of titles above it from the document's own down, joined by " > ".
    """

    ordinal: int
    text: str
    section: str
    start: int
    end: int
    tokens: int
    page: int | None
    language: str


def drafts_of(
    document: CleanDocument, outline: Outline, runs: Iterable[Sequence[Span]], tokenizer: Tokenizer, limit: int
) -> tuple[ChunkDraft, ...]:
    """A chunk a run, or more where a run has over ``limit`` tokens; each ends after the one before it ends.

    A run is spans that follow each other without a gap; each span alone has at most ``limit`` tokens.
    """
    text = document.text
    drafts: list[ChunkDraft] = []
    for run in runs:
        for part, tokens in _counted(run, text, tokenizer, limit):
            start, end = trimmed(text, part[0][0], part[-1][1])
            if start == end or (drafts and end <= drafts[-1].end):
                continue  # white space, or nothing that the chunk before does not hold
            while drafts and start <= drafts[-1].start:
                drafts.pop()  # the other way round: a rest that this chunk repeats whole
            content = text[start:end]
            drafts.append(
                ChunkDraft(
                    ordinal=len(drafts),
                    text=content,
                    section=outline.section(start, end),
                    start=start,
                    end=end,
                    tokens=tokens,
                    page=outline.page(start),
                    language=document.languages.of_part(content),
                )
            )
    return tuple(drafts)


def _counted(run: Sequence[Span], text: str, tokenizer: Tokenizer, limit: int) -> Iterator[tuple[Sequence[Span], int]]:
    """The run with its true number of tokens; in parts if joined pieces have more of them than apart."""
    while run:
        size = len(run)
        while True:
            start, end = trimmed(text, run[0][0], run[size - 1][1])
            tokens = len(tokenizer.offsets(text[start:end]))
            if tokens <= limit or size == 1:
                break
            size -= 1
        yield run[:size], tokens
        run = run[size:]
