"""Rounds that make versions anew."""

from collections.abc import Collection
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.reindexing import Reindex
from lethe.ports.ledger.paging import PageCursor


class ReindexRepository(Protocol):
    async def add(self, reindex: Reindex) -> None: ...
    async def get(self, tenant_id: Id, reindex_id: Id) -> Reindex | None: ...
    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[Reindex]: ...
    async def update(self, reindex: Reindex) -> None: ...

    async def tokens(self, tenant_id: Id, version_ids: Collection[Id]) -> int:
        """Of all chunks of the versions."""
        ...
