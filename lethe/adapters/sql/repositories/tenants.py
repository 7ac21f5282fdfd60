"""Tenants and their clock."""

from typing import Final

from sqlalchemy import bindparam, insert, select, update

from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped
from lethe.adapters.sql.tables import tenants
from lethe.errors import NotFound
from lethe.model.ids import Id
from lethe.model.principals import Tenant

TENANT: Final = Mapped(Tenant, tenants, {"id": "tenant_id"})
_LOCK: Final = short(TENANT.prepared().with_for_update())
_SEQ: Final = short(select(tenants.c.seq).where(tenants.c.tenant_id == bindparam("tenant_id")))
_PINNED: Final = short(
    select(tenants.c.seq)
    .where(tenants.c.tenant_id == bindparam("tenant_id"))
    .with_for_update(read=True, skip_locked=True)
)
"""In a write unit of SQLite nobody else writes, so it is pinned anyway."""


class SqlTenants(SqlRepository):
    async def add(self, tenant: Tenant) -> None:
        await self._connection.execute(insert(tenants).values(TENANT.values(tenant)))

    async def get(self, tenant_id: Id) -> Tenant | None:
        return await TENANT.one(self._connection, TENANT.of(tenant_id))

    async def list(self) -> list[Tenant]:
        return await TENANT.all(self._connection, TENANT.select().order_by(tenants.c.created_at, tenants.c.tenant_id))

    async def lock(self, tenant_id: Id) -> Tenant:
        """SQLite has no FOR UPDATE and needs none: BEGIN IMMEDIATE already holds the one write lock."""
        tenant = await TENANT.one(self._connection, _LOCK, tenant_id=tenant_id)
        if tenant is None:
            raise NotFound
        return tenant

    async def advance(self, tenant_id: Id) -> int:
        raised = update(tenants).where(tenants.c.tenant_id == tenant_id).values(seq=tenants.c.seq + 1)
        seq = (await self._connection.execute(raised.returning(tenants.c.seq))).scalar_one_or_none()
        if seq is None:
            raise NotFound
        return int(seq)

    async def seq(self, tenant_id: Id) -> int:
        seq = (await self._connection.execute(_SEQ, {"tenant_id": tenant_id})).scalar_one_or_none()
        if seq is None:
            raise NotFound
        return int(seq)

    async def pinned_seq(self, tenant_id: Id) -> int | None:
        seq = (await self._connection.execute(_PINNED, {"tenant_id": tenant_id})).scalar_one_or_none()
        return None if seq is None else int(seq)
