"""A vector index in memory that ranks exhaustively: exact where a real one approximates."""

import math
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from lethe.errors import IndexBuildMissing, IndexUnavailable, IndexWriteFailed
from lethe.model.conditions import holds
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, IndexObject, Listed

K1: Final = 1.2
B: Final = 0.75

_Objects = dict[Id, IndexObject]


def bm25(terms: str, texts: Mapping[Id, str]) -> dict[Id, float]:
    """Okapi BM25 (Robertson and Zaragoza 2009, section 3) of every text that has one of the terms.

    Terms are separated by white space; one that is given twice counts twice.
    """
    counted = {key: _counted(text) for key, text in texts.items()}
    average = sum(counts.total() for counts in counted.values()) / max(1, len(counted)) or 1.0
    scores: dict[Id, float] = {}
    for term, weight in Counter(terms.split()).items():
        holders = {key: counts[term] for key, counts in counted.items() if term in counts}
        rarity = math.log(1 + (len(counted) - len(holders) + 0.5) / (len(holders) + 0.5))
        for key, count in holders.items():
            length = counted[key].total() / average
            scores[key] = scores.get(key, 0.0) + weight * rarity * count / (count + K1 * (1 - B + B * length))
    return scores


@lru_cache(maxsize=50_000)
def _counted(text: str) -> Counter[str]:
    return Counter(text.split())


class InMemoryVectorIndex:
    """ports.vectors.VectorIndex. ``is_down`` makes every call fail as a store does that does not answer."""

    def __init__(self) -> None:
        self.is_down = False
        self._builds: dict[tuple[str, str], _Objects] = {}
        self._dims: dict[str, int] = {}

    async def create_build(self, build: IndexBuild, dims: int) -> None:
        self._answer()
        self._dims.setdefault(build.collection, dims)
        self._builds.setdefault(_place(build), {})

    async def drop_build(self, build: IndexBuild) -> None:
        self._answer()
        self._builds.pop(_place(build), None)

    async def upsert(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        held = self._objects(build)
        if any(item.vector.shape != (self._dims[build.collection],) for item in objects):
            raise IndexWriteFailed("a vector has the wrong number of dimensions")
        held.update({item.chunk_id: item for item in objects})

    async def chunk_ids(self, build: IndexBuild, version_id: Id) -> frozenset[Id]:
        return frozenset(key for key, item in self._objects(build).items() if item.version_id == version_id)

    async def chunk_ids_of(self, build: IndexBuild, counts: Mapping[Id, int]) -> dict[Id, frozenset[Id]]:
        return {version_id: await self.chunk_ids(build, version_id) for version_id in counts}

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        held = self._objects(build)
        ids = await self.chunk_ids(build, version_id)
        held.update({key: replace(held[key], readers=readers, attributes=attributes) for key in ids})
        return len(ids)

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        self._answer()
        held = self._builds.get(_place(build), {})
        doomed = [key for key, item in held.items() if item.version_id in version_ids]
        for key in doomed:
            del held[key]
        return len(doomed)

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        held = self._objects(build)
        found = {key: item for key, item in held.items() if _matches(item, query)}
        scores = _scores(held, found, query)
        best = sorted(scores, key=lambda key: (-scores[key], key))[: query.limit]
        return [Hit(key, found[key].version_id, found[key].document_id, scores[key]) for key in best]

    async def all_chunk_ids(self, build: IndexBuild) -> AsyncIterator[Id]:
        for key in tuple(self._objects(build)):
            yield key

    async def page(self, build: IndexBuild, after: Id | None, limit: int) -> list[Listed]:
        held = self._objects(build)
        ids = sorted(key for key in held if after is None or key > after)[:limit]
        return [
            Listed(key, held[key].version_id, tuple(sorted(held[key].readers)), tuple(sorted(held[key].attributes)))
            for key in ids
        ]

    async def present(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        return frozenset(chunk_ids) & self._objects(build).keys()

    async def delete_objects(self, build: IndexBuild, chunk_ids: Collection[Id]) -> int:
        held = self._objects(build)
        return sum(held.pop(key, None) is not None for key in set(chunk_ids))

    async def ready(self) -> bool:
        return not self.is_down

    async def close(self) -> None:
        """Nothing is held open."""

    def _answer(self) -> None:
        if self.is_down:
            raise IndexUnavailable

    def _objects(self, build: IndexBuild) -> _Objects:
        self._answer()
        try:
            return self._builds[_place(build)]
        except KeyError:
            raise IndexBuildMissing from None


def _place(build: IndexBuild) -> tuple[str, str]:
    return build.collection, build.physical_tenant


def _matches(item: IndexObject, query: HybridQuery) -> bool:
    return not query.readers.isdisjoint(item.readers) and (
        query.attributes is None or holds(query.attributes, item.attributes)
    )


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
