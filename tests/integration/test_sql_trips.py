"""SQLite: how often a unit asks its connection's thread, and what a unit that broke off leaves there."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import aiosqlite
import pytest
import pytest_asyncio

from lethe.adapters.sql import SqlLedger
from lethe.adapters.sql.engine import make_engines, transaction
from lethe.settings import Settings
from tests.contract.ledger_rows import add_tenant, question

SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT max(i) FROM n"
"""Some tenths of a second."""


@pytest_asyncio.fixture
async def sqlite_ledger(sqlite_settings: Settings) -> AsyncGenerator[SqlLedger]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    yield ledger
    await ledger.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of each call that a connection's thread was asked for."""
    asked: list[str] = []
    through = getattr(aiosqlite.Connection, "_execute")  # noqa: B009  (the driver's own, and the one way to its thread)

    async def counted(self: aiosqlite.Connection, call: Any, *arguments: Any, **named: Any) -> Any:
        asked.append(call.__name__)
        return await through(self, call, *arguments, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return asked


async def test_a_read_unit_is_a_trip_a_statement_that_is_not_short(sqlite_ledger: SqlLedger, trips: list[str]):
    tenant = await add_tenant(sqlite_ledger)
    async with sqlite_ledger.read() as unit:
        await unit.tenants.seq(tenant)
    trips.clear()
    async with sqlite_ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == 0
        assert await unit.tenants.get(tenant) is not None
        assert await unit.tenants.list()
    assert trips == ["_run", "_run"]


async def test_short_statements_of_a_unit_are_of_one_moment_too(sqlite_ledger: SqlLedger, trips: list[str]):
    tenant = await add_tenant(sqlite_ledger)
    async with sqlite_ledger.read() as reading:
        assert await reading.tenants.seq(tenant) == 0
        async with sqlite_ledger.write() as unit:
            await unit.tenants.advance(tenant)
        assert await reading.tenants.seq(tenant) == 0
    trips.clear()
    async with sqlite_ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == 1
    assert trips == []


async def test_a_short_write_is_committed_by_the_thread(sqlite_ledger: SqlLedger, trips: list[str]):
    tenant = await add_tenant(sqlite_ledger)
    asked = question(tenant)
    trips.clear()
    async with sqlite_ledger.write() as unit:
        await unit.questions.add(asked)
    assert trips == ["_run", "commit"]
    async with sqlite_ledger.read() as unit:
        assert await unit.questions.get(tenant, asked.id) == asked


async def test_a_unit_that_asks_nothing_makes_no_trip(sqlite_ledger: SqlLedger, trips: list[str]):
    tenant = await add_tenant(sqlite_ledger)
    async with sqlite_ledger.read() as unit:
        await unit.tenants.seq(tenant)
    trips.clear()
    async with sqlite_ledger.read():
        pass
    assert trips == []


async def test_a_write_unit_has_the_lock_before_its_first_statement(sqlite_ledger: SqlLedger, trips: list[str]):
    tenant = await add_tenant(sqlite_ledger)
    trips.clear()
    async with sqlite_ledger.write() as unit:
        assert trips == ["_run"]
        await unit.tenants.advance(tenant)
    assert trips[-1] == "commit"
    async with sqlite_ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == 1


async def test_a_unit_cancelled_within_a_statement_leaves_no_transaction(sqlite_settings: Settings):
    engines = make_engines(sqlite_settings.sql_url, sqlite_settings.sql)

    async def slow() -> None:
        async with transaction(engines.reading) as connection:
            await connection.exec_driver_sql(SLOW)

    for _ in range(2):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow(), 0.02)
    for engine in (engines.reading, engines.writing):
        for _ in range(2):
            async with transaction(engine) as connection:
                assert (await connection.exec_driver_sql("SELECT 1")).scalar_one() == 1
    await engines.close()
