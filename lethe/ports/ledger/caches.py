"""Answers kept for the next one who asks the same."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lethe.model.caches import CachedAnswer
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild


@dataclass(frozen=True, slots=True)
class CacheLookup:
    """An entry, and whether every source of its answer passes the gate."""

    entry: CachedAnswer
    is_servable: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What a tenant's answers depend on besides the question, as of ``seq``.

    ``build``: the active one for vectors. ``glossary_id``: "" without one. ``is_named``: whether a document names the
    principal among its readers.
    """

    seq: int
    build: IndexBuild | None
    glossary_id: str
    is_named: bool


class AnswerCacheRepository(Protocol):
    async def standing(self, tenant_id: Id, principal_id: Id) -> Standing:
        """Raises NotFound."""
        ...

    async def put(self, entry: CachedAnswer, version_ids: Collection[Id], most: int) -> None:
        """Insert, or take the place of the entry of the same key; ``version_ids``: what the answer was made from.

        Beyond ``most`` of the tenant the least recently used go.
        """
        ...

    async def find(
        self, tenant_id: Id, key_hmac: str, created_after: datetime, seq: int, readers: frozenset[Id]
    ) -> CacheLookup | None:
        """The entry of the key, gated at ``seq`` for these readers; None also for one that is too old."""
        ...

    async def touch(self, tenant_id: Id, key_hmac: str, at: datetime) -> None:
        """It was used."""
        ...

    async def drop(self, entry: CachedAnswer) -> None:
        """Remove it, not one that took its place."""
        ...

    async def newest(self, tenant_id: Id, bucket_hmac: str, created_after: datetime, limit: int) -> list[CachedAnswer]:
        """Entries of the bucket that have a vector, newest first."""
        ...

    async def forget_version(self, tenant_id: Id, version_id: Id) -> None:
        """Remove what was made from it."""
        ...

    async def expire(self, created_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` of any tenant from before then; how many."""
        ...
