"""First answers to idempotency keys."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped, delete_of, upsert_into
from lethe.adapters.sql.tables import idempotency_keys as keys
from lethe.model.ids import Id
from lethe.model.operations import IdempotencyRecord

RECORD: Final = Mapped(IdempotencyRecord, keys)


class SqlIdempotency(SqlRepository):
    async def claim(self, record: IdempotencyRecord) -> IdempotencyRecord | None:
        statement = upsert_into(self._connection, keys).values(RECORD.values(record))
        claimed = statement.on_conflict_do_nothing().returning(keys.c.key_hmac)
        wanted = RECORD.of(record.tenant_id, _key(record.principal_id, record.key_hmac))
        while (await self._connection.execute(claimed)).first() is None:
            held = await RECORD.one(self._connection, wanted)
            if held is not None:
                return held
            # It was forgotten between the two statements: the key is free again.
        return None

    async def finish(self, record: IdempotencyRecord, status: int, sealed_body: bytes) -> bool:
        done = await self._connection.execute(
            update(keys).where(_itself(record)).values(status=status, sealed_body=sealed_body)
        )
        return bool(done.rowcount)

    async def expired(self, created_before: datetime, limit: int) -> list[IdempotencyRecord]:
        expired = RECORD.select().where(keys.c.created_at < created_before).order_by(keys.c.created_at).limit(limit)
        return await RECORD.all(self._connection, expired)

    async def renew(self, record: IdempotencyRecord, renewed_at: datetime) -> None:
        await self._connection.execute(
            update(keys).where(_itself(record), keys.c.status == 0).values(renewed_at=renewed_at)
        )

    async def forget(self, record: IdempotencyRecord) -> None:
        await self._connection.execute(delete_of(keys, record.tenant_id, _itself(record)))


def _itself(record: IdempotencyRecord) -> ColumnElement[bool]:
    """Not one that took its place under the same key."""
    return and_(
        keys.c.tenant_id == record.tenant_id,
        _key(record.principal_id, record.key_hmac),
        keys.c.key_id == record.key_id,
        keys.c.created_at == record.created_at,
    )


def _key(principal_id: Id, key_hmac: str) -> ColumnElement[bool]:
    return and_(keys.c.principal_id == principal_id, keys.c.key_hmac == key_hmac)
