"""Migrations of tenants' indexes."""

from collections.abc import Sequence
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.migrations import Migration
from lethe.ports.ledger.paging import PageCursor


class MigrationRepository(Protocol):
    async def add(self, migration: Migration) -> None: ...
    async def get(self, tenant_id: Id, migration_id: Id) -> Migration | None: ...

    async def under_way(self, tenant_id: Id) -> Migration | None:
        """The one that is being built, judged, waited for or soaking: there is at most one."""
        ...

    async def update(self, migration: Migration) -> None:
        """Write every column of a row that was read under the tenant's lock."""
        ...

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> Sequence[Migration]:
        """Newest first."""
        ...

    async def canaries(self, spec: str, parameters: str) -> Sequence[Migration]:
        """Of all tenants those that go before others with the same target, newest first."""
        ...
