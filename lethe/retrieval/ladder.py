"""What a search falls back to (P9): words in SQL for the vector store, a known vector for the embedder."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lethe.errors import BreakerOpen, IndexBuildMissing, IndexUnavailable
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.ports.breakers import WEAVIATE, Breakers
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import Hit, HybridQuery
from lethe.privacy.short_lived import ShortLived
from lethe.retrieval.ranking import Rank

VECTOR_STORE_FAILURES: Final = (IndexUnavailable, IndexBuildMissing)
KNOWN_VECTORS: Final = 500

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class KeywordRung:
    """The keyword build of a tenant, where the vector build cannot be asked."""

    ledger: Ledger
    index: KeywordIndex
    breakers: Breakers | None = None
    """Those of the vector store; without them every search tries it."""
    seconds: float = 2.0
    """Limit of a search."""

    async def is_next(self) -> bool:
        """Whether the vector store is left alone for now, so that nothing needs to be prepared for it."""
        return self.breakers is not None and await self.breakers.is_open(WEAVIATE)

    def above(self, rank: Rank) -> Rank:
        """The vector store's: one call for its breaker, however many wordings are asked. Raises IndexUnavailable."""
        breakers = self.breakers
        if breakers is None:
            return rank

        async def counted(limit: int) -> list[Hit]:
            try:
                async with breakers.call(WEAVIATE):
                    return await rank(limit)
            except BreakerOpen as error:
                raise IndexUnavailable(error.detail, retry_after=error.retry_after) from None

        return counted

    async def build(self, tenant_id: Id, seq: int) -> IndexBuild:
        """The one that a question reads which began at ``seq``. Raises IndexUnavailable while none is whole."""
        async with self.ledger.read() as uow:
            build = await uow.builds.reading(tenant_id, BuildKind.KEYWORD, seq)
        if build is None:
            raise IndexUnavailable("The tenant's words are being brought into SQL.")
        return build

    def rank(self, build: IndexBuild, query: HybridQuery) -> Rank:
        """By the query's words. Raises IndexUnavailable, LedgerUnavailable."""

        async def rank(limit: int) -> list[Hit]:
            try:
                async with asyncio.timeout(self.seconds):
                    return await self.index.search(build, replace(query, limit=limit))
            except TimeoutError:
                raise IndexUnavailable("The tenant's words were not searched in time.") from None
            except IndexBuildMissing:
                raise IndexUnavailable("The tenant's words are being brought into SQL again.") from None

        return rank


class KnownVectors:
    """Vectors of questions asked of this process a short while ago, under digests, for when the embedder is away.

    In memory alone; the same text of another tenant is another question.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._held = ShortLived[bytes, Vector](KNOWN_VECTORS, now=now)

    def keep(self, tenant_id: Id, spec: str, text: str, vector: Vector) -> None:
        """Remember it for MEMORY_SECONDS, and forget the oldest beyond KNOWN_VECTORS."""
        self._held.put(_key(tenant_id, spec, text), vector)

    def get(self, tenant_id: Id, spec: str, text: str) -> Vector | None:
        """The vector, if it is still known."""
        return self._held.get(_key(tenant_id, spec, text))


def _key(tenant_id: Id, spec: str, text: str) -> bytes:
    return sha256(f"{tenant_id}\0{spec}\0{text}".encode()).digest()
