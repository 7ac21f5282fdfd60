"""What outside processors were sent, and which of them a tenant allows."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select, tuple_, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, one_of
from lethe.adapters.sql.tables import processor_call_refs as refs_table
from lethe.adapters.sql.tables import processor_calls as calls
from lethe.adapters.sql.tables import processor_policies as policies
from lethe.adapters.sql.tables import tenants
from lethe.model.ids import Id
from lethe.model.processors import PolicyChange, ProcessorCall, Spent, Usage
from lethe.ports.ledger import PageCursor

CALL: Final = Mapped(ProcessorCall, calls)
CHANGE: Final = Mapped(PolicyChange, policies)
_OF_REF: Final = select(refs_table.c.call_id).where(
    refs_table.c.tenant_id == bindparam("tenant_id"), refs_table.c.ref == bindparam("ref")
)
_ABOUT: Final = CALL.prepared(calls.c.id.in_(_OF_REF)).order_by(calls.c.created_at, calls.c.id)


class SqlProcessorCalls(SqlRepository):
    async def add(self, call: ProcessorCall, refs: Collection[Id]) -> None:
        await self._connection.execute(insert(calls).values(CALL.values(call)))
        rows = [{"tenant_id": call.tenant_id, "call_id": call.id, "ref": ref} for ref in sorted(refs)]
        if rows:
            await self._connection.execute(insert(refs_table), rows)

    async def finish(self, tenant_id: Id, call_id: Id, status: str, spent: Spent, at: datetime) -> None:
        await self._connection.execute(
            update(calls)
            .where(calls.c.tenant_id == tenant_id, calls.c.id == call_id)
            .values(status=status, finished_at=at, **asdict(spent))
        )

    async def about(self, tenant_id: Id, ref: Id) -> list[ProcessorCall]:
        return await CALL.all(self._connection, _ABOUT, tenant_id=tenant_id, ref=ref)

    async def cost_about(self, tenant_id: Id, ref: Id) -> int:
        about = select(refs_table.c.call_id).where(refs_table.c.tenant_id == tenant_id, refs_table.c.ref == ref)
        total = select(func.coalesce(func.sum(calls.c.cost_micros), 0)).where(
            calls.c.tenant_id == tenant_id, calls.c.id.in_(about)
        )
        return int((await self._connection.execute(total)).scalar_one())

    async def some(self, tenant_id: Id, call_ids: Collection[Id]) -> list[ProcessorCall]:
        return await CALL.all(self._connection, CALL.of(tenant_id, one_of(calls.c.id, call_ids)))

    async def usage(
        self, tenant_id: Id, since: datetime, until: datetime, principal_id: Id | None = None
    ) -> list[Usage]:
        of = (calls.c.principal_id, calls.c.operation, calls.c.provider, calls.c.model, calls.c.currency)
        cost = func.coalesce(func.sum(calls.c.cost_micros), 0)
        statement = (
            select(*of, func.count(), func.sum(calls.c.tokens), func.sum(calls.c.tokens_out), cost)
            .where(calls.c.tenant_id == tenant_id, calls.c.created_at >= since, calls.c.created_at < until)
            .group_by(*of)
            .order_by(cost.desc(), *of)
        )
        if principal_id is not None:
            statement = statement.where(calls.c.principal_id == principal_id)
        rows = await self._connection.execute(statement)
        # PostgreSQL sums big integers as decimals.
        return [Usage(*row[:6], int(row[6]), int(row[7]), int(row[8])) for row in rows]

    async def expire(self, created_before: datetime, limit: int) -> int:
        oldest = select(calls.c.tenant_id, calls.c.id).where(calls.c.created_at < created_before)
        keys = [tuple(row) for row in await self._connection.execute(oldest.order_by(calls.c.created_at).limit(limit))]
        if keys:
            await self._connection.execute(delete(calls).where(tuple_(calls.c.tenant_id, calls.c.id).in_(keys)))
        return len(keys)


class SqlProcessorPolicies(SqlRepository):
    async def put(self, change: PolicyChange) -> None:
        await self._connection.execute(insert(policies).values(CHANGE.values(change)))
        await self._connection.execute(
            update(tenants).where(tenants.c.tenant_id == change.tenant_id).values(allowed_providers=change.allowed)
        )

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[PolicyChange]:
        return await CHANGE.all(self._connection, page_of(CHANGE.of(tenant_id), policies, after, limit))
