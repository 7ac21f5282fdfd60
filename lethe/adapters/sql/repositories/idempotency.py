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
    async def claim(self, record: IdempotencyRecord, expired_before: datetime) -> IdempotencyRecord | None:
        values = RECORD.values(record)
        statement = upsert_into(self._connection, keys).values(values)
        claimed = statement.on_conflict_do_update(
            index_elements=["tenant_id", "principal_id", "key_hmac"],
            set_={name: statement.excluded[name] for name in values},
            where=keys.c.created_at < expired_before,
        ).returning(keys.c.key_hmac)
        wanted = RECORD.of(record.tenant_id, _key(record.principal_id, record.key_hmac))
        while (await self._connection.execute(claimed)).first() is None:
            held = await RECORD.one(self._connection, wanted)
            if held is not None:
                return held
            # It was forgotten between the two statements: the key is free again.
        return None

    async def finish(self, tenant_id: Id, principal_id: Id, key_hmac: str, status: int, sealed_body: bytes) -> None:
        await self._connection.execute(
            update(keys)
            .where(keys.c.tenant_id == tenant_id, _key(principal_id, key_hmac))
            .values(status=status, sealed_body=sealed_body)
        )

    async def expire(self, created_before: datetime, limit: int) -> list[IdempotencyRecord]:
        expired = RECORD.select().where(keys.c.created_at < created_before).order_by(keys.c.created_at).limit(limit)
        records = await RECORD.all(self._connection, expired)
        for record in records:
            await self.forget(record.tenant_id, record.principal_id, record.key_hmac)
        return records

    async def release(self, tenant_id: Id, principal_id: Id, key_hmac: str, created_at: datetime) -> None:
        await self._connection.execute(
            update(keys)
            .where(keys.c.tenant_id == tenant_id, _key(principal_id, key_hmac), keys.c.status == 0)
            .values(created_at=created_at)
        )

    async def forget(self, tenant_id: Id, principal_id: Id, key_hmac: str) -> None:
        await self._connection.execute(delete_of(keys, tenant_id, _key(principal_id, key_hmac)))


def _key(principal_id: Id, key_hmac: str) -> ColumnElement[bool]:
    return and_(keys.c.principal_id == principal_id, keys.c.key_hmac == key_hmac)
