"""What a search falls back to (P9): words in SQL for the vector store, a known vector for the embedder."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lethe.errors import IndexBuildMissing, IndexUnavailable
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.ports.breakers import WEAVIATE, Breakers
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import Hit, HybridQuery
from lethe.retrieval.ranking import Rank

VECTOR_STORE_FAILURES: Final = (IndexUnavailable, IndexBuildMissing)
KNOWN_VECTORS: Final = 500
KNOWN_SECONDS: Final = 900.0

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

    async def build(self, tenant_id: Id) -> IndexBuild:
        """The active one. Raises IndexUnavailable while there is none that is whole."""
        async with self.ledger.read() as uow:
            build = await uow.builds.active(tenant_id, BuildKind.KEYWORD)
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


@dataclass(frozen=True, slots=True)
class KnownVectors:
    """Vectors of questions asked of this process a short while ago, under digests, for when the embedder is away.

    In memory alone; the same text of another tenant is another question.
    """

    now: Callable[[], float] = time.monotonic
    _held: OrderedDict[bytes, tuple[float, Vector]] = field(default_factory=OrderedDict[bytes, tuple[float, Vector]])

    def keep(self, tenant_id: Id, spec: str, text: str, vector: Vector) -> None:
        """Remember it, and forget the oldest beyond KNOWN_VECTORS."""
        key = _key(tenant_id, spec, text)
        self._held[key] = (self.now(), vector)
        self._held.move_to_end(key)
        while len(self._held) > KNOWN_VECTORS:
            self._held.popitem(last=False)

    def get(self, tenant_id: Id, spec: str, text: str) -> Vector | None:
        """The vector, if it was kept within KNOWN_SECONDS."""
        found = self._held.get(_key(tenant_id, spec, text))
        return found[1] if found is not None and self.now() - found[0] <= KNOWN_SECONDS else None


def _key(tenant_id: Id, spec: str, text: str) -> bytes:
    return sha256(f"{tenant_id}\0{spec}\0{text}".encode()).digest()
