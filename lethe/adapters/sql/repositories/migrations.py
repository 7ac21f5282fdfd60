"""Migrations of tenants' indexes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, or_, select, tuple_, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped
from lethe.adapters.sql.tables import migrations
from lethe.model.ids import Id
from lethe.model.migrations import UNDER_WAY, Migration
from lethe.ports.ledger import PageCursor

MIGRATION: Final = Mapped(Migration, migrations)


class SqlMigrations(SqlRepository):
    async def add(self, migration: Migration) -> None:
        await self._connection.execute(insert(migrations).values(MIGRATION.values(migration)))

    async def get(self, tenant_id: Id, migration_id: Id) -> Migration | None:
        return await MIGRATION.one(self._connection, MIGRATION.of(tenant_id, migrations.c.id == migration_id))

    async def under_way(self, tenant_id: Id) -> Migration | None:
        wanted = MIGRATION.of(tenant_id, migrations.c.state.in_(sorted(UNDER_WAY)))
        return await MIGRATION.one(self._connection, wanted)

    async def update(self, migration: Migration) -> None:
        own = (migrations.c.tenant_id == migration.tenant_id, migrations.c.id == migration.id)
        await self._connection.execute(update(migrations).where(*own).values(MIGRATION.values(migration)))

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> Sequence[Migration]:
        statement = page_of(MIGRATION.of(tenant_id), migrations, after, limit)
        return await MIGRATION.all(self._connection, statement)

    async def unswept(self, ended_before: datetime, limit: int) -> Sequence[Migration]:
        wanted = MIGRATION.select().where(migrations.c.ended_at < ended_before, migrations.c.swept_at.is_(None))
        return await MIGRATION.all(self._connection, wanted.order_by(migrations.c.ended_at).limit(limit))

    async def specs_since(self, tenant_id: Id, since: datetime) -> frozenset[str]:
        is_recent = or_(migrations.c.ended_at.is_(None), migrations.c.ended_at >= since)
        found = select(migrations.c.source_spec, migrations.c.target_spec).where(
            migrations.c.tenant_id == tenant_id, is_recent
        )
        return frozenset(spec for row in await self._connection.execute(found) for spec in row)

    async def expire(self, ended_before: datetime, limit: int) -> int:
        old = select(migrations.c.tenant_id, migrations.c.id).where(
            migrations.c.ended_at < ended_before, migrations.c.swept_at.is_not(None)
        )
        keys = [tuple(row) for row in await self._connection.execute(old.order_by(migrations.c.ended_at).limit(limit))]
        if keys:
            own = tuple_(migrations.c.tenant_id, migrations.c.id).in_(keys)
            await self._connection.execute(delete(migrations).where(own))
        return len(keys)

    async def canaries(self, spec: str, parameters: str) -> Sequence[Migration]:
        wanted = MIGRATION.select().where(
            migrations.c.is_canary,
            migrations.c.target_spec == spec,
            migrations.c.target_parameters == parameters,
        )
        newest_first = wanted.order_by(migrations.c.created_at.desc(), migrations.c.id.desc())
        return await MIGRATION.all(self._connection, newest_first)
