"""Migrations in the ledger, on both engines."""

from dataclasses import replace

import pytest

from lethe.adapters.sql import SqlLedger
from lethe.errors import LedgerConflict
from lethe.model.documents import EmbeddingNeed
from lethe.model.ids import Id, new_id
from lethe.model.migrations import Migration, MigrationState
from lethe.ports.ledger import PageCursor
from tests.contract.ledger_rows import add_tenant, at


def migration(tenant_id: Id, minute: float, **fields: object) -> Migration:
    made = Migration(
        tenant_id=tenant_id,
        id=new_id(),
        principal_id=new_id(),
        state=MigrationState.BUILDING,
        source_spec="one@1/8/x",
        source_parameters="",
        target_spec="other@1/8/x",
        target_parameters="none/64/128/32/1",
        soak_seconds=60.0,
        budget_micros=None,
        is_canary=False,
        is_automatic=True,
        judgements={new_id(): [new_id()]},
        plan={"chunks": 3},
        created_at=at(minute),
        updated_at=at(minute),
    )
    return replace(made, **fields)  # pyright: ignore[reportArgumentType]


async def test_one_is_kept_whole_and_only_one_is_under_way(ledger: SqlLedger) -> None:
    tenant_id = await add_tenant(ledger)
    first = migration(tenant_id, 0, budget_micros=7)
    async with ledger.write() as uow:
        await uow.migrations.add(first)
    async with ledger.read() as uow:
        assert await uow.migrations.get(tenant_id, first.id) == first
        assert await uow.migrations.get(new_id(), first.id) is None
        assert await uow.migrations.under_way(tenant_id) == first
    with pytest.raises(LedgerConflict):
        async with ledger.write() as uow:
            await uow.migrations.add(migration(tenant_id, 1, state=MigrationState.SOAKING))
    ended = replace(first, state=MigrationState.REFUSED, report={"failures": ["x"]}, ended_at=at(2))
    second = migration(tenant_id, 3)
    async with ledger.write() as uow:
        await uow.migrations.update(ended)
        await uow.migrations.add(second)
    async with ledger.read() as uow:
        assert await uow.migrations.page(tenant_id, None, 10) == [second, ended]
        assert await uow.migrations.page(tenant_id, PageCursor(second.created_at, second.id), 10) == [ended]


async def test_canaries_of_all_tenants_by_their_target(ledger: SqlLedger) -> None:
    tenants = [await add_tenant(ledger) for _ in range(4)]
    one, two = (migration(tenant_id, place, is_canary=True) for place, tenant_id in enumerate(tenants[:2]))
    others = (migration(tenants[2], 3), migration(tenants[3], 4, is_canary=True, target_parameters=""))
    async with ledger.write() as uow:
        for each in (one, two, *others):
            await uow.migrations.add(each)
        assert await uow.migrations.canaries(one.target_spec, one.target_parameters) == [two, one]


async def test_a_tenant_without_chunks_needs_nothing(ledger: SqlLedger) -> None:
    tenant_id = await add_tenant(ledger)
    async with ledger.read() as uow:
        assert await uow.chunks.need(tenant_id, "one@1/8/x") == EmbeddingNeed(0, 0, 0)
