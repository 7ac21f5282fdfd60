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
        return fused(await _asked(index, build, queries, limit))[:limit]

    return rank


def words_first(index: VectorIndex, build: IndexBuild, queries: Sequence[HybridQuery]) -> Rank:
    """What the words find, best first; vectors fill the places that are left."""
    by_words = [replace(query, alpha=0.0, vector=None) for query in queries]
    by_meaning = [replace(query, alpha=1.0) for query in queries]

    async def rank(limit: int) -> list[Hit]:
        found = await _asked(index, build, [*by_words, *by_meaning], limit)
        worded, meant = fused(found[: len(queries)])[:limit], fused(found[len(queries) :])[:limit]
        return appended(worded, meant)[:limit]

    return rank


async def _asked(index: VectorIndex, build: IndexBuild, queries: Sequence[HybridQuery], limit: int) -> list[list[Hit]]:
    """A ranking for each query; the first that fails ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            searches = [group.create_task(index.search(build, replace(query, limit=limit))) for query in queries]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [search.result() for search in searches]


def appended(first: Sequence[Hit], second: Sequence[Hit]) -> list[Hit]:
    """The first ranking, then what only the second has, its scores scaled below the first's least."""
    held = {hit.chunk_id for hit in first}
    least = first[-1].score if first else 1.0
    return [*first, *(replace(hit, score=hit.score * least) for hit in second if hit.chunk_id not in held)]


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
