"""What an index is asked, and how the answers to several wordings of one question become one ranking."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, VectorIndex

Rank = Callable[[int], Awaitable[list[Hit]]]
"""The best hits, at most that many, best first."""


def by_vectors(index: VectorIndex, build: IndexBuild, queries: Sequence[HybridQuery]) -> Rank:
    """The vector index asked every wording at once. Raises what VectorIndex.search raises."""

    async def rank(limit: int) -> list[Hit]:
        found = await asyncio.gather(*(index.search(build, replace(query, limit=limit)) for query in queries))
        return fused(found)[:limit]

    return rank


def fused(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Several rankings as one: the mean of the scores a hit has (0 where it is absent), so 0..1 stays 0..1."""
    if len(rankings) == 1:
        return list(rankings[0])
    scores: dict[str, float] = {}
    hits: dict[str, Hit] = {}
    for ranking in rankings:
        for hit in ranking:
            scores[hit.chunk_id] = scores.get(hit.chunk_id, 0.0) + hit.score / len(rankings)
            hits[hit.chunk_id] = hit
    best = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))
    return [replace(hits[chunk_id], score=scores[chunk_id]) for chunk_id in best]
