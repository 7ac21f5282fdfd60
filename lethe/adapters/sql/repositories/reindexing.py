"""Rounds that make versions anew."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import func, insert, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, one_of
from lethe.adapters.sql.tables import chunks, reindexes
from lethe.model.ids import Id
from lethe.model.reindexing import Reindex
from lethe.ports.ledger import PageCursor

REINDEX: Final = Mapped(Reindex, reindexes)


class SqlReindexes(SqlRepository):
    async def add(self, reindex: Reindex) -> None:
        await self._connection.execute(insert(reindexes).values(REINDEX.values(reindex)))

    async def get(self, tenant_id: Id, reindex_id: Id) -> Reindex | None:
        return await REINDEX.one(self._connection, REINDEX.of(tenant_id, reindexes.c.id == reindex_id))

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[Reindex]:
        return await REINDEX.all(self._connection, page_of(REINDEX.of(tenant_id), reindexes, after, limit))

    async def update(self, reindex: Reindex) -> None:
        await self._connection.execute(
            update(reindexes)
            .where(reindexes.c.tenant_id == reindex.tenant_id, reindexes.c.id == reindex.id)
            .values(REINDEX.values(reindex))
        )

    async def tokens(self, tenant_id: Id, version_ids: Collection[Id]) -> int:
        statement = select(func.coalesce(func.sum(chunks.c.tokens), 0)).where(
            chunks.c.tenant_id == tenant_id, one_of(chunks.c.version_id, version_ids)
        )
        return int((await self._connection.execute(statement)).scalar_one())
