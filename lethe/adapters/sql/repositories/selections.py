"""Selections, and pages of the documents they may mean."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import insert, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.documents import DOCUMENT
from lethe.adapters.sql.repositories.quarantines import below, brought_by
from lethe.adapters.sql.rows import Mapped, delete_of, one_of
from lethe.adapters.sql.tables import documents, selections
from lethe.model.documents import Document
from lethe.model.ids import Id
from lethe.model.selections import Selection

SELECTION: Final = Mapped(Selection, selections)


class SqlSelections(SqlRepository):
    async def add(self, selection: Selection) -> None:
        await self._connection.execute(insert(selections).values(SELECTION.values(selection)))

    async def get(self, tenant_id: Id, selection_id: Id) -> Selection | None:
        return await SELECTION.one(self._connection, SELECTION.of(tenant_id, selections.c.id == selection_id))

    async def update(self, selection: Selection) -> None:
        await self._connection.execute(
            update(selections)
            .where(selections.c.tenant_id == selection.tenant_id, selections.c.id == selection.id)
            .values(SELECTION.values(selection))
        )

    async def expired(self, created_before: datetime, limit: int) -> list[Selection]:
        old = SELECTION.select().where(selections.c.created_at < created_before)
        return await SELECTION.all(self._connection, old.order_by(selections.c.created_at).limit(limit))

    async def delete(self, tenant_id: Id, selection_id: Id) -> None:
        await self._connection.execute(delete_of(selections, tenant_id, selections.c.id == selection_id))

    async def documents_after(
        self,
        tenant_id: Id,
        after: Id | None,
        limit: int,
        *,
        created_before: datetime,
        ids: Collection[Id] | None = None,
        prefix_hmac: str | None = None,
        ingestion_id: Id | None = None,
    ) -> list[Document]:
        statement = DOCUMENT.of(tenant_id, documents.c.deleted_at.is_(None), documents.c.created_at < created_before)
        if after is not None:
            statement = statement.where(documents.c.id > after)
        if ids is not None:
            statement = statement.where(one_of(documents.c.id, ids))
        if prefix_hmac is not None:
            statement = statement.where(documents.c.id.in_(below(tenant_id, prefix_hmac)))
        if ingestion_id is not None:
            statement = statement.where(documents.c.id.in_(brought_by(tenant_id, ingestion_id)))
        return await DOCUMENT.all(self._connection, statement.order_by(documents.c.id).limit(limit))

    async def deleted_after(self, tenant_id: Id, after: Id | None, limit: int) -> list[Id]:
        statement = select(documents.c.id).where(
            documents.c.tenant_id == tenant_id, documents.c.deleted_at.is_not(None)
        )
        if after is not None:
            statement = statement.where(documents.c.id > after)
        return list((await self._connection.execute(statement.order_by(documents.c.id).limit(limit))).scalars())
