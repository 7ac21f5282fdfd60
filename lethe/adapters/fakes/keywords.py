"""A keyword index in memory."""

from collections.abc import Sequence

from lethe.adapters.fakes.held import HeldBuilds, bm25, matches
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, KeywordObject


class InMemoryKeywordIndex(HeldBuilds[KeywordObject]):
    """ports.keywords.KeywordIndex."""

    async def create_build(self, build: IndexBuild) -> None:
        self._hold(build)

    async def write(self, build: IndexBuild, objects: Sequence[KeywordObject]) -> None:
        held = self._objects(build)
        held.update({item.chunk_id: item for item in objects})
        for item in objects:
            await self.update_properties(build, item.version_id, item.readers, item.attributes)

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        held = self._objects(build)
        scores = {
            key: score
            for key, score in bm25(query.terms, {key: item.terms for key, item in held.items()}).items()
            if matches(held[key], query)
        }
        top = max(scores.values(), default=1.0)
        best = sorted(scores, key=lambda key: (-scores[key], key))[: query.limit]
        return [Hit(key, held[key].version_id, held[key].document_id, scores[key] / top) for key in best]
