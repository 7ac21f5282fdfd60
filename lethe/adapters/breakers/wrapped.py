"""What questions wait for, behind breakers: an open one fails at once, as the provider itself would."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lethe.errors import BreakerOpen, EmbedderUnavailable, RerankerUnavailable, Unavailable
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Origin
from lethe.ports.breakers import Breakers
from lethe.ports.embedding import Embedder, InputKind, Tokenizer, Vectors
from lethe.ports.rerank import Reranker


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


@asynccontextmanager
async def _guarded(breakers: Breakers, name: str, refused: type[Unavailable]) -> AsyncGenerator[None]:
    try:
        async with breakers.call(name):
            yield
    except BreakerOpen as error:
        raise refused(error.detail, retry_after=error.retry_after) from None
