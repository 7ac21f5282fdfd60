"""API keys and their groups."""

import dataclasses
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, insert, select, update

from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.tables import api_key_groups, api_keys
from lethe.model.ids import Id
from lethe.model.principals import ApiKey

_own: Final = and_(api_key_groups.c.tenant_id == api_keys.c.tenant_id, api_key_groups.c.key_id == api_keys.c.id)
_KEYS: Final = (
    select(api_keys, api_key_groups.c.group_id)
    .join_from(api_keys, api_key_groups, _own, isouter=True)
    .order_by(api_keys.c.created_at, api_keys.c.id)
)
"""Oldest first, each with its groups, in one statement."""
_BY_SECRET: Final = short(_KEYS.where(api_keys.c.secret_sha256 == bindparam("secret"), api_keys.c.revoked_at.is_(None)))


class SqlApiKeys(SqlRepository):
    async def add(self, key: ApiKey) -> None:
        row = {name: value for name, value in dataclasses.asdict(key).items() if name != "groups"}
        await self._connection.execute(insert(api_keys).values(row))
        if key.groups:
            groups = [{"tenant_id": key.tenant_id, "key_id": key.id, "group_id": group} for group in sorted(key.groups)]
            await self._connection.execute(insert(api_key_groups), groups)

    async def _found(self, statement: Select[*tuple[Any, ...]], **values: object) -> list[ApiKey]:
        rows: dict[Id, dict[str, Any]] = {}
        groups: dict[Id, set[Id]] = {}
        for row in (await self._connection.execute(statement, values)).mappings():
            rows[row["id"]] = {column.name: row[column.name] for column in api_keys.c}
            groups.setdefault(row["id"], set()).update([row["group_id"]] if row["group_id"] else [])
        return [ApiKey(**row, groups=frozenset(groups[key_id])) for key_id, row in rows.items()]

    async def by_secret(self, secret_sha256: str) -> ApiKey | None:
        found = await self._found(_BY_SECRET, secret=secret_sha256)
        return found[0] if found else None

    async def list(self, tenant_id: Id) -> list[ApiKey]:
        return await self._found(_KEYS.where(api_keys.c.tenant_id == tenant_id))

    async def revoke(self, tenant_id: Id, key_id: Id, at: datetime) -> bool:
        result = await self._connection.execute(
            update(api_keys)
            .where(api_keys.c.tenant_id == tenant_id, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )
        return result.rowcount > 0

    async def renew(self, tenant_id: Id, key_id: Id, secret_sha256: str) -> None:
        await self._connection.execute(
            update(api_keys)
            .where(api_keys.c.tenant_id == tenant_id, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
            .values(secret_sha256=secret_sha256)
        )
