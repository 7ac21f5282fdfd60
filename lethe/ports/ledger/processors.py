"""What outside processors were sent, and which of them a tenant allows."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.processors import PolicyChange, ProcessorCall, Spent, Usage
from lethe.ports.ledger.paging import PageCursor


class ProcessorCallRepository(Protocol):
    async def add(self, call: ProcessorCall, refs: Collection[Id]) -> None:
        """Insert a call and what it was about."""
        ...

    async def finish(self, tenant_id: Id, call_id: Id, status: str, spent: Spent, at: datetime) -> None: ...

    async def about(self, tenant_id: Id, ref: Id) -> list[ProcessorCall]:
        """Every kept call that sent something of a document or question, oldest first."""
        ...

    async def cost_about(self, tenant_id: Id, ref: Id) -> int:
        """Of those calls, in millionths of the currency."""
        ...

    async def some(self, tenant_id: Id, call_ids: Collection[Id]) -> list[ProcessorCall]:
        """Those of the calls that are kept."""
        ...

    async def usage(
        self, tenant_id: Id, since: datetime, until: datetime, principal_id: Id | None = None
    ) -> list[Usage]:
        """Of the calls made from ``since`` to before ``until``, of one principal or of all, the dearest first."""
        ...

    async def expire(self, created_before: datetime, limit: int) -> int:
        """Remove at most ``limit`` calls of any tenant made before then; returns how many."""
        ...


class ProcessorPolicyRepository(Protocol):
    async def put(self, change: PolicyChange) -> None:
        """Make it the tenant's policy, and keep that it was changed, when, and by whom."""
        ...

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[PolicyChange]:
        """Changes, newest first."""
        ...
