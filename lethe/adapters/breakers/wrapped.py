"""What questions wait for, behind breakers: an open one fails at once, as the store or provider itself would."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lethe.errors import BreakerOpen, EmbedderUnavailable, IndexUnavailable, RerankerUnavailable, Unavailable
from lethe.model.ids import Id
from lethe.model.indexes import EmbeddingSpec, IndexBuild
from lethe.model.processors import Origin
from lethe.ports.breakers import WEAVIATE, Breakers
from lethe.ports.embedding import Embedder, InputKind, Tokenizer, Vectors
from lethe.ports.rerank import Reranker
from lethe.ports.vectors import Hit, HybridQuery, IndexObject, Listed, VectorIndex


@dataclass(frozen=True, slots=True)
class GuardedEmbedder:
    """An Embedder of which every call counts."""

    embedder: Embedder
    breakers: Breakers
    name: str

    @property
    def spec(self) -> EmbeddingSpec:
        return self.embedder.spec

    @property
    def tokenizer(self) -> Tokenizer:
        return self.embedder.tokenizer

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        async with _guarded(self.breakers, self.name, EmbedderUnavailable):
            return await self.embedder.embed(texts, kind, origin)

    async def warm_up(self) -> None:
        await self.embedder.warm_up()


@dataclass(frozen=True, slots=True)
class GuardedReranker:
    """A Reranker of which every call counts."""

    reranker: Reranker
    breakers: Breakers
    name: str

    async def rerank(self, question: str, passages: Sequence[str], origin: Origin) -> list[float]:
        async with _guarded(self.breakers, self.name, RerankerUnavailable):
            return await self.reranker.rerank(question, passages, origin)


@dataclass(frozen=True, slots=True)
class GuardedIndex:
    """A VectorIndex whose searches count. Whatever else is done there is retried for hours, and waits for nobody."""

    index: VectorIndex
    breakers: Breakers

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        async with _guarded(self.breakers, WEAVIATE, IndexUnavailable):
            return await self.index.search(build, query)

    async def create_build(self, build: IndexBuild, dims: int) -> None:
        await self.index.create_build(build, dims)

    async def drop_build(self, build: IndexBuild) -> None:
        await self.index.drop_build(build)

    async def upsert(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        await self.index.upsert(build, objects)

    async def chunk_ids(self, build: IndexBuild, version_id: Id) -> frozenset[Id]:
        return await self.index.chunk_ids(build, version_id)

    async def chunk_ids_of(self, build: IndexBuild, counts: Mapping[Id, int]) -> dict[Id, frozenset[Id]]:
        return await self.index.chunk_ids_of(build, counts)

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        return await self.index.update_properties(build, version_id, readers, attributes)

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        return await self.index.delete_versions(build, version_ids)

    def all_chunk_ids(self, build: IndexBuild) -> AsyncIterator[Id]:
        return self.index.all_chunk_ids(build)

    async def page(self, build: IndexBuild, after: Id | None, limit: int) -> list[Listed]:
        return await self.index.page(build, after, limit)

    async def present(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        return await self.index.present(build, chunk_ids)

    async def delete_objects(self, build: IndexBuild, chunk_ids: Collection[Id]) -> int:
        return await self.index.delete_objects(build, chunk_ids)

    async def ready(self) -> bool:
        return await self.index.ready()

    async def close(self) -> None:
        await self.index.close()


@asynccontextmanager
async def _guarded(breakers: Breakers, name: str, refused: type[Unavailable]) -> AsyncGenerator[None]:
    try:
        async with breakers.call(name):
            yield
    except BreakerOpen as error:
        raise refused(error.detail, retry_after=error.retry_after) from None
