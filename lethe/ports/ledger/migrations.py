"""Migrations of tenants' indexes."""

from collections.abc import Sequence
from datetime import datetime
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

    async def unswept(self, ended_before: datetime, limit: int) -> Sequence[Migration]:
        """Of all tenants those that ended before then, and left vectors that nobody has looked at; oldest first."""
        ...

    async def specs_since(self, tenant_id: Id, since: datetime) -> frozenset[str]:
        """What migrations led from or to that are under way, or ended since then."""
        ...

    async def expire(self, ended_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` rows of any tenant that ended before then, and left nothing; how many."""
        ...

    async def canaries(self, spec: str, parameters: str) -> Sequence[Migration]:
        """Of all tenants those that go before others with the same target, newest first."""
        ...
