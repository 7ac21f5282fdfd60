"""A keyword index in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from lethe.adapters.fakes.vectors import bm25
from lethe.errors import IndexBuildMissing, IndexUnavailable
from lethe.model.conditions import holds
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, KeywordObject, Listed

_Objects = dict[Id, KeywordObject]


class InMemoryKeywordIndex:
    """ports.keywords.KeywordIndex. ``is_down`` makes every call fail as a store does that does not answer."""

    def __init__(self) -> None:
        self.is_down = False
        self._builds: dict[str, _Objects] = {}

    async def create_build(self, build: IndexBuild) -> None:
        self._answer()
        self._builds.setdefault(build.physical_tenant, {})

    async def drop_build(self, build: IndexBuild) -> None:
        self._answer()
        self._builds.pop(build.physical_tenant, None)

    async def exists(self, build: IndexBuild) -> bool:
        self._answer()
        return build.physical_tenant in self._builds

    async def write(self, build: IndexBuild, objects: Sequence[KeywordObject]) -> None:
        held = self._objects(build)
        held.update({item.chunk_id: item for item in objects})
        for item in objects:
            await self.update_properties(build, item.version_id, item.readers, item.attributes)

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        held = self._objects(build)
        ids = [key for key, item in held.items() if item.version_id == version_id]
        held.update({key: replace(held[key], readers=readers, attributes=attributes) for key in ids})
        return len(ids)

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        self._answer()
        held = self._builds.get(build.physical_tenant, {})
        doomed = [key for key, item in held.items() if item.version_id in version_ids]
        for key in doomed:
            del held[key]
        return len(doomed)

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        held = self._objects(build)
        scores = {
            key: score
            for key, score in bm25(query.terms, {key: item.terms for key, item in held.items()}).items()
            if _matches(held[key], query)
        }
        top = max(scores.values(), default=1.0)
        best = sorted(scores, key=lambda key: (-scores[key], key))[: query.limit]
        return [Hit(key, held[key].version_id, held[key].document_id, scores[key] / top) for key in best]

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

    def _objects(self, build: IndexBuild) -> _Objects:
        self._answer()
        try:
            return self._builds[build.physical_tenant]
        except KeyError:
            raise IndexBuildMissing from None


def _matches(item: KeywordObject, query: HybridQuery) -> bool:
    return not query.readers.isdisjoint(item.readers) and (
        query.attributes is None or holds(query.attributes, item.attributes)
    )
