"""What the indexes in memory have in common: objects by build and chunk id, and how words are weighed."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final, Generic, TypeVar

from lethe.errors import IndexBuildMissing, IndexUnavailable
from lethe.model.conditions import holds
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import HybridQuery, IndexObject, KeywordObject, Listed

K1: Final = 1.2
B: Final = 0.75

ObjectT = TypeVar("ObjectT", KeywordObject, IndexObject)


class HeldBuilds(Generic[ObjectT]):
    """``is_down`` makes every call fail as a store does that does not answer."""

    def __init__(self) -> None:
        self.is_down = False
        self._builds: dict[tuple[str, str], dict[Id, ObjectT]] = {}

    async def exists(self, build: IndexBuild) -> bool:
        self._answer()
        return _place(build) in self._builds

    async def drop_build(self, build: IndexBuild) -> None:
        self._answer()
        self._builds.pop(_place(build), None)

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        held = self._objects(build)
        ids = [key for key, item in held.items() if item.version_id == version_id]
        held.update({key: replace(held[key], readers=readers, attributes=attributes) for key in ids})
        return len(ids)

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        self._answer()
        held = self._builds.get(_place(build), {})
        doomed = [key for key, item in held.items() if item.version_id in version_ids]
        for key in doomed:
            del held[key]
        return len(doomed)

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

    async def close(self) -> None:
        """Nothing is held open."""

    def _answer(self) -> None:
        if self.is_down:
            raise IndexUnavailable

    def _hold(self, build: IndexBuild) -> None:
        self._answer()
        self._builds.setdefault(_place(build), {})

    def _objects(self, build: IndexBuild) -> dict[Id, ObjectT]:
        self._answer()
        try:
            return self._builds[_place(build)]
        except KeyError:
            raise IndexBuildMissing from None


def _place(build: IndexBuild) -> tuple[str, str]:
    return build.collection, build.physical_tenant


def matches(item: KeywordObject | IndexObject, query: HybridQuery) -> bool:
    """Whether the query's rights and conditions let the object through."""
    return not query.readers.isdisjoint(item.readers) and (
        query.attributes is None or holds(query.attributes, item.attributes)
    )


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
