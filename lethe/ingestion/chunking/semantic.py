"""Where a document turns to something else: between neighbouring sentences whose embeddings differ most.

Sentences are embedded here and their chunks again later, which a paid model charges for: their number is bounded.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lethe.ingestion.chunking.atoms import Atom
from lethe.ingestion.chunking.cutting import CHARACTERS_PER_TOKEN
from lethe.ingestion.chunking.plan import ChunkPlan
from lethe.ports.embedding import Embedder, InputKind, Tokenizer, Vectors
from lethe.ports.parsing import ElementKind

_SIDE: Final = 2
"""Sentences compared on each side: one alone ("Yes.") says little of what the text is about."""


async def turns(pieces: Sequence[Atom], text: str, embedder: Embedder, plan: ChunkPlan) -> frozenset[int]:
    """The places (starts of atoms) where a new topic begins, none inside a table or list.

    Raises what the embedder raises.
    """
    units = _units(pieces, plan.max_sentences)
    if len(units) < 2:
        return frozenset()
    texts = [_fitting(text[unit[0].start : unit[-1].end], embedder.tokenizer) for unit in units]
    distances = _distances(await embedder.embed(texts, InputKind.DOCUMENT))
    threshold = np.percentile(distances, plan.percentile)
    return frozenset(unit[0].start for unit, distance in zip(units[1:], distances, strict=True) if distance > threshold)


def segments(pieces: Sequence[Atom], places: frozenset[int]) -> Iterator[list[Atom]]:
    """The atoms, cut before each of the places."""
    segment: list[Atom] = []
    for piece in pieces:
        if segment and piece.start in places:
            yield segment
            segment = []
        segment.append(piece)
    if segment:
        yield segment


def _units(pieces: Sequence[Atom], most: int) -> list[list[Atom]]:
    """What is compared: sentences, each with the titles above it, tables, lists; if over ``most``, several together."""
    units: list[list[Atom]] = []
    for place, piece in enumerate(pieces):
        last = pieces[place - 1] if place else None
        is_led = last is not None and last.kind is ElementKind.TITLE
        is_inside = last is not None and piece.block is not None and piece.block == last.block
        if is_led or is_inside:
            units[-1].append(piece)
        else:
            units.append([piece])
    together = -(-len(units) // most)
    groups = groupby(enumerate(units), key=lambda numbered: numbered[0] // together)
    return [[piece for _, unit in group for piece in unit] for _, group in groups]


def _fitting(text: str, tokenizer: Tokenizer) -> str:
    """As much of the beginning as the model takes."""
    text = text[: tokenizer.max_tokens * CHARACTERS_PER_TOKEN].strip()
    # Before the first token too many: several tokens may share one character, and a cut text may have other tokens.
    while len(offsets := tokenizer.offsets(text)) > tokenizer.max_tokens:
        text = text[: offsets[tokenizer.max_tokens][0]]
    return text


def _distances(vectors: Vectors) -> NDArray[np.float64]:
    """Between neighbours, (n, dims) -> (n - 1,): 1 - cosine of the means of up to _SIDE vectors on either side."""
    sums = np.vstack([np.zeros(vectors.shape[1]), np.cumsum(vectors, axis=0, dtype=np.float64)])
    cuts = np.arange(1, len(vectors))
    before = sums[cuts] - sums[np.maximum(cuts - _SIDE, 0)]
    after = sums[np.minimum(cuts + _SIDE, len(vectors))] - sums[cuts]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return 1 - (before * after).sum(axis=1) / np.maximum(lengths, np.finfo(np.float64).tiny)
