"""A vector index in memory that ranks exhaustively: exact where a real one approximates."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lethe.adapters.fakes.held import HeldBuilds, bm25, matches
from lethe.errors import IndexWriteFailed
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, IndexObject

_Objects = dict[Id, IndexObject]


class InMemoryVectorIndex(HeldBuilds[IndexObject]):
    """ports.vectors.VectorIndex."""

    def __init__(self) -> None:
        super().__init__()
        self._dims: dict[str, int] = {}

    async def create_build(self, build: IndexBuild, dims: int) -> None:
        self._hold(build)
        self._dims.setdefault(build.collection, dims)

    async def upsert(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        held = self._objects(build)
        if any(item.vector.shape != (self._dims[build.collection],) for item in objects):
            raise IndexWriteFailed("a vector has the wrong number of dimensions")
        held.update({item.chunk_id: item for item in objects})

    async def chunk_ids(self, build: IndexBuild, version_id: Id) -> frozenset[Id]:
        return frozenset(key for key, item in self._objects(build).items() if item.version_id == version_id)

    async def chunk_ids_of(self, build: IndexBuild, counts: Mapping[Id, int]) -> dict[Id, frozenset[Id]]:
        return {version_id: await self.chunk_ids(build, version_id) for version_id in counts}

    async def vectors(self, build: IndexBuild, chunk_ids: Collection[Id]) -> dict[Id, NDArray[np.float32]]:
        return {key: item.vector for key, item in self._objects(build).items() if key in chunk_ids}

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        held = self._objects(build)
        found = {key: item for key, item in held.items() if matches(item, query)}
        scores = _scores(held, found, query)
        best = sorted(scores, key=lambda key: (-scores[key], key))[: query.limit]
        return [Hit(key, found[key].version_id, found[key].document_id, scores[key]) for key in best]

    async def all_chunk_ids(self, build: IndexBuild) -> AsyncIterator[Id]:
        for key in tuple(self._objects(build)):
            yield key

    async def ready(self) -> bool:
        return not self.is_down


def _scores(held: _Objects, found: _Objects, query: HybridQuery) -> dict[Id, float]:
    """As Weaviate: word rarity is of the whole build, whatever the filter lets through."""
    by_words = {
        key: score
        for key, score in bm25(query.terms, {key: item.terms for key, item in held.items()}).items()
        if key in found
    }
    if query.vector is None or (query.alpha == 0 and query.terms):
        best = max(by_words.values(), default=1.0)
        return {key: score / best for key, score in by_words.items()}
    vector = query.vector
    by_meaning = {key: max(0.0, float(item.vector @ vector)) for key, item in found.items()}
    if query.alpha == 1 or not query.terms:
        return by_meaning
    words, meaning = _relative(by_words), _relative(by_meaning)
    return {
        key: query.alpha * meaning.get(key, 0.0) + (1 - query.alpha) * words.get(key, 0.0)
        for key in _union(words, meaning)
    }


def _relative(scores: Mapping[Id, float]) -> dict[Id, float]:
    """Scores between the lowest (0) and the highest (1); all 1 where they are equal."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    return {key: (score - low) / (high - low) if high > low else 1.0 for key, score in scores.items()}


def _union(*sides: Iterable[Id]) -> set[Id]:
    return {key for side in sides for key in side}
