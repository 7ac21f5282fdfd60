"""Workflows that must be started."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import tuple_, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped, delete_of, insert_missing, one_of, upsert_into
from lethe.adapters.sql.tables import dispatches
from lethe.model.ids import Id
from lethe.model.operations import Dispatch

DISPATCH: Final = Mapped(Dispatch, dispatches)


class SqlDispatches(SqlRepository):
    async def add(self, dispatch: Dispatch) -> None:
        await insert_missing(self._connection, dispatches, [DISPATCH.values(dispatch)])

    async def renew(self, dispatch: Dispatch) -> None:
        values = DISPATCH.values(dispatch)
        statement = upsert_into(self._connection, dispatches).values(values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["tenant_id", "workflow_id"], set_=values)
        )

    async def mark(self, dispatch: Dispatch, at: datetime) -> None:
        itself = (dispatches.c.tenant_id == dispatch.tenant_id, dispatches.c.workflow_id == dispatch.workflow_id)
        not_renewed = dispatches.c.created_at <= dispatch.created_at
        await self._connection.execute(update(dispatches).where(*itself, not_renewed).values(dispatched_at=at))

    async def pending(self, created_before: datetime, limit: int, after: Dispatch | None = None) -> list[Dispatch]:
        position = tuple_(dispatches.c.created_at, dispatches.c.workflow_id)
        statement = DISPATCH.select().where(
            dispatches.c.dispatched_at.is_(None), dispatches.c.created_at < created_before
        )
        if after is not None:
            statement = statement.where(position > (after.created_at, after.workflow_id))
        statement = statement.order_by(dispatches.c.created_at, dispatches.c.workflow_id).limit(limit)
        return await DISPATCH.all(self._connection, statement)

    async def delete_for(self, tenant_id: Id, refs: Collection[Id]) -> None:
        await self._connection.execute(delete_of(dispatches, tenant_id, one_of(dispatches.c.ref, refs)))

    async def expire(self, dispatched_before: datetime, limit: int) -> int:
        old = DISPATCH.select().where(dispatches.c.dispatched_at < dispatched_before)
        found = await DISPATCH.all(self._connection, old.order_by(dispatches.c.dispatched_at).limit(limit))
        for each in found:
            started = (dispatches.c.workflow_id == each.workflow_id, dispatches.c.dispatched_at == each.dispatched_at)
            await self._connection.execute(delete_of(dispatches, each.tenant_id, *started))
        return len(found)
