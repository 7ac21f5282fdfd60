"""Bulk ingestions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, insert, or_, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, delete_of, upsert_into
from lethe.adapters.sql.tables import ingestion_refusals as refusals
from lethe.adapters.sql.tables import ingestions
from lethe.errors import IngestionNotFound
from lethe.model.ids import Id
from lethe.model.ingestions import Ingestion, IngestionState, Refusal
from lethe.ports.ledger import PageCursor

INGESTION: Final = Mapped(Ingestion, ingestions)
REFUSAL: Final = Mapped(Refusal, refusals)
_FINAL: Final = [state for state in IngestionState if state.is_final]


class SqlIngestions(SqlRepository):
    async def add(self, ingestion: Ingestion) -> None:
        await self._connection.execute(insert(ingestions).values(INGESTION.values(ingestion)))

    async def get(self, tenant_id: Id, ingestion_id: Id) -> Ingestion | None:
        return await INGESTION.one(self._connection, INGESTION.of(tenant_id, ingestions.c.id == ingestion_id))

    async def page(
        self, tenant_id: Id, after: PageCursor | None, limit: int, principal_id: Id | None = None
    ) -> list[Ingestion]:
        wanted = INGESTION.of(tenant_id)
        if principal_id is not None:
            wanted = wanted.where(ingestions.c.principal_id == principal_id)
        return await INGESTION.all(self._connection, page_of(wanted, ingestions, after, limit))

    async def set_state(self, tenant_id: Id, ingestion_id: Id, state: IngestionState, at: datetime) -> None:
        ended = {"ended_at": at} if state.is_final else {}
        values = {"state": state, "updated_at": at, **ended}
        await self._set(tenant_id, ingestion_id, values, ingestions.c.state.not_in(_FINAL))

    async def set_window(self, tenant_id: Id, ingestion_id: Id, batch_window: int, at: datetime) -> None:
        await self._set(tenant_id, ingestion_id, {"batch_window": batch_window, "updated_at": at})

    async def close(self, tenant_id: Id, ingestion_id: Id, at: datetime) -> None:
        await self._set(tenant_id, ingestion_id, {"closed_at": at, "updated_at": at}, ingestions.c.closed_at.is_(None))

    async def give(self, tenant_id: Id, ingestion_id: Id, entry: int = 0) -> int:
        statement = (
            update(ingestions)
            .where(ingestions.c.tenant_id == tenant_id, ingestions.c.id == ingestion_id)
            .values(given=ingestions.c.given + 1, **_unpacked(entry))
            .returning(ingestions.c.given)
        )
        position = (await self._connection.execute(statement)).scalar_one_or_none()
        if position is None:
            raise IngestionNotFound
        return int(position)

    async def count(
        self, tenant_id: Id, ingestion_id: Id, *, added: int = 0, updated: int = 0, skipped: int = 0, entry: int = 0
    ) -> None:
        more = {"added": added, "updated": updated, "skipped": skipped}
        raised = {name: ingestions.c[name] + number for name, number in more.items() if number}
        await self._set(tenant_id, ingestion_id, raised | _unpacked(entry))

    async def refuse(self, refusal: Refusal, entry: int = 0) -> None:
        statement = upsert_into(self._connection, refusals).values(REFUSAL.values(refusal)).on_conflict_do_nothing()
        if not (await self._connection.execute(statement)).rowcount:
            return
        counted = {"refused": ingestions.c.refused + 1, **_unpacked(entry)}
        await self._set(refusal.tenant_id, refusal.ingestion_id, counted)

    async def withdraw(self, tenant_id: Id, ingestion_id: Id, refusal_id: Id) -> None:
        chosen = (refusals.c.ingestion_id == ingestion_id, refusals.c.id == refusal_id)
        if (await self._connection.execute(delete_of(refusals, tenant_id, *chosen))).rowcount:
            await self._set(tenant_id, ingestion_id, {"refused": ingestions.c.refused - 1})

    async def refusals(self, tenant_id: Id, ingestion_id: Id, after: PageCursor | None, limit: int) -> list[Refusal]:
        wanted = REFUSAL.of(tenant_id, refusals.c.ingestion_id == ingestion_id)
        return await REFUSAL.all(self._connection, page_of(wanted, refusals, after, limit))

    async def set_archive(self, tenant_id: Id, ingestion_id: Id, archive_key: str, archive_hmac: str) -> None:
        await self._set(tenant_id, ingestion_id, {"archive_key": archive_key, "archive_hmac": archive_hmac})

    async def forget_archive(self, tenant_id: Id, ingestion_id: Id) -> None:
        await self._set(tenant_id, ingestion_id, {"archive_key": ""})

    async def ended_before(self, as_of: datetime, limit: int) -> Sequence[Ingestion]:
        refused = exists(select(refusals.c.id)).where(
            refusals.c.tenant_id == ingestions.c.tenant_id, refusals.c.ingestion_id == ingestions.c.id
        )
        statement = (
            INGESTION.select()
            .where(ingestions.c.ended_at < as_of, or_(ingestions.c.sealed_options != b"", refused))
            .order_by(ingestions.c.ended_at)
            .limit(limit)
        )
        return await INGESTION.all(self._connection, statement)

    async def forget_sealed(self, tenant_id: Id, ingestion_id: Id) -> None:
        await self._connection.execute(delete_of(refusals, tenant_id, refusals.c.ingestion_id == ingestion_id))
        await self._set(tenant_id, ingestion_id, {"sealed_options": b"", "archive_hmac": ""})

    async def _set(
        self, tenant_id: Id, ingestion_id: Id, values: Mapping[str, Any], *further: ColumnElement[bool]
    ) -> None:
        if values:
            chosen = (ingestions.c.tenant_id == tenant_id, ingestions.c.id == ingestion_id)
            await self._connection.execute(update(ingestions).where(*chosen, *further).values(values))


def _unpacked(entry: int) -> dict[str, int]:
    return {"unpacked": entry} if entry else {}
