"""Units of work on both engines: all or nothing, snapshots, and what a failing database is called."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError, StatementError

from lethe.adapters.sql import SqlLedger
from lethe.adapters.sql.engine import make_engines, transaction
from lethe.errors import ConfigurationError, EnvironmentMismatch, LedgerConflict, LedgerUnavailable
from lethe.model.ids import new_id
from lethe.ports.ledger import Ledger
from lethe.settings import Environment, Settings
from tests.contract.ledger_rows import NOON, add_document, add_tenant, dispatch, document
from tests.servers.postgres import Postgres


def _with_sql(settings: Settings, **fields: object) -> Settings:
    return settings.model_copy(update={"sql": settings.sql.model_copy(update=fields)})


async def test_a_unit_that_raises_leaves_nothing(ledger: Ledger):
    tenant = await add_tenant(ledger)

    async def fail() -> None:
        async with ledger.write() as unit:
            await unit.tenants.advance(tenant)
            await add_document(unit, tenant, count=3)
            raise KeyError("on purpose")

    with pytest.raises(KeyError, match="on purpose"):
        await fail()
    async with ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == 0
        assert await unit.documents.page(tenant, None, None, None, 10) == []


async def test_a_unit_refused_at_its_last_statement_leaves_nothing(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one = document(tenant)

    async def fail() -> None:
        async with ledger.write() as unit:
            await unit.tenants.advance(tenant)
            await unit.documents.add(one)
            await unit.documents.add(one)

    with pytest.raises(LedgerConflict):
        await fail()
    async with ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == 0


async def test_a_cancelled_unit_leaves_nothing_and_gives_its_connection_back(ledger: Ledger):
    tenant = await add_tenant(ledger)

    async def hang() -> None:
        async with ledger.write() as unit:
            await unit.tenants.advance(tenant)
            await asyncio.sleep(60)

    for _ in range(12):  # more than the pool holds
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(hang(), 0.05)
    async with ledger.write() as unit:
        assert await unit.tenants.seq(tenant) == 0


async def test_a_read_unit_sees_one_state(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.read() as reading:
        assert await reading.tenants.seq(tenant) == 0
        async with ledger.write() as writing:
            await writing.tenants.advance(tenant)
        assert await reading.tenants.seq(tenant) == 0
    async with ledger.read() as reading:
        assert await reading.tenants.seq(tenant) == 1


async def test_a_read_unit_cannot_write(ledger: Ledger):
    tenant = await add_tenant(ledger)
    with pytest.raises((DBAPIError, LedgerUnavailable)):
        async with ledger.read() as unit:
            await unit.dispatches.add(dispatch(tenant))


async def test_a_naive_time_is_refused(ledger: Ledger):
    tenant = await add_tenant(ledger)
    naive = datetime(2026, 11, 21, 12)  # noqa: DTZ001
    with pytest.raises(StatementError, match="naive"):
        async with ledger.write() as unit:
            await unit.documents.add(document(tenant, created_at=naive))


async def test_times_come_back_in_utc_whatever_they_were_given_in(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one = document(tenant, created_at=datetime.fromisoformat("2026-11-21T23:30:00.123456+05:30"))
    async with ledger.write() as unit:
        await unit.documents.add(one)
        found = await unit.documents.get(tenant, one.id)
    assert found is not None
    assert found.created_at.isoformat() == "2026-11-21T18:00:00.123456+00:00"


async def test_an_error_shows_no_values(ledger: Ledger):
    tenant = await add_tenant(ledger)
    canary = "canary-in-a-row"

    async def fail() -> None:
        async with ledger.write() as unit:
            await unit.dispatches.add(dispatch(tenant, workflow_id=canary, created_at=NOON.replace(tzinfo=None)))

    with pytest.raises(StatementError) as raised:
        await fail()
    assert canary not in str(raised.value)


@pytest.mark.parametrize("environment", [Environment.STAGING, Environment.PRODUCTION])
async def test_a_store_of_another_environment_is_refused(sql_settings: Settings, environment: Environment):
    ledger = SqlLedger.from_settings(sql_settings.model_copy(update={"environment": environment}))
    for _ in range(2):
        for unit in (ledger.read, ledger.write):
            with pytest.raises(EnvironmentMismatch, match="development"):
                async with unit():
                    pass
    await ledger.close()


async def test_the_key_rings_database_is_not_taken_for_the_ledger(sql_settings: Settings):
    ledger = SqlLedger.from_settings(_with_sql(sql_settings, url=SecretStr(sql_settings.keyring_url)))
    with pytest.raises(EnvironmentMismatch, match="keyring"):
        await ledger.connect()
    await ledger.close()


async def test_a_database_without_a_schema_says_what_to_run(sqlite_settings: Settings, postgres: Postgres):
    ledger = SqlLedger.from_settings(_with_sql(sqlite_settings, url=SecretStr(postgres.create_database("no_schema"))))
    with pytest.raises(ConfigurationError, match="python -m migrations upgrade"):
        await ledger.connect()
    await ledger.close()
    postgres.drop_database("no_schema")


async def test_an_address_of_another_driver_is_refused(sqlite_settings: Settings):
    with pytest.raises(ConfigurationError, match="asyncpg"):
        SqlLedger.from_settings(_with_sql(sqlite_settings, url=SecretStr("mysql://host/db")))


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:////nowhere/at/all.db",
        "postgresql+asyncpg://lethe@127.0.0.1:1/lethe",
        "postgresql+asyncpg://lethe@/lethe?host=/nowhere",
    ],
)
async def test_a_database_that_does_not_answer_is_unavailable(sqlite_settings: Settings, url: str):
    ledger = SqlLedger.from_settings(_with_sql(sqlite_settings, url=SecretStr(url)))
    for unit in (ledger.read, ledger.write):
        with pytest.raises(LedgerUnavailable) as raised:
            async with unit():
                pass
        assert raised.value.retry_after is not None
    assert not await ledger.ready()
    await ledger.close()


async def test_a_lock_held_too_long_is_unavailable_not_a_hang(sql_settings: Settings):
    holder = SqlLedger.from_settings(sql_settings)
    other = SqlLedger.from_settings(_with_sql(sql_settings, busy_timeout_ms=200, lock_timeout_ms=200))
    tenant = await add_tenant(holder)
    async with holder.write() as held:
        await held.tenants.lock(tenant)
        with pytest.raises(LedgerUnavailable):
            async with asyncio.timeout(5), other.write() as unit:
                await unit.tenants.lock(tenant)
    await holder.close()
    await other.close()


async def test_postgres_names_a_deadlock_transient(postgres_settings: Settings):
    ledger = SqlLedger.from_settings(postgres_settings)
    tenants = [await add_tenant(ledger) for _ in range(2)]
    both_hold_one = asyncio.Barrier(2)

    async def cross(first: str, second: str) -> None:
        async with ledger.write() as unit:
            await unit.tenants.lock(first)
            await both_hold_one.wait()
            await unit.tenants.lock(second)

    ends = await asyncio.gather(cross(*tenants), cross(*tenants[::-1]), return_exceptions=True)
    assert [type(end) for end in ends if end is not None] == [LedgerUnavailable]
    await ledger.close()


async def test_postgres_ending_our_connections_costs_one_unit_at_most(postgres: Postgres, postgres_settings: Settings):
    ledger = SqlLedger.from_settings(postgres_settings)
    tenant = await add_tenant(ledger)

    async def interrupted() -> None:
        async with ledger.write() as unit:
            await asyncio.to_thread(postgres.empty_database, "ledger")
            await unit.tenants.seq(tenant)

    with pytest.raises(LedgerUnavailable):
        await interrupted()
    tenant = await add_tenant(ledger)
    async with ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == 0
    await ledger.close()


async def test_what_a_document_update_says_is_what_is_stored_on_both(ledger: Ledger):
    """64-bit numbers: SQLite stores any, PostgreSQL needs BIGINT."""
    tenant = await add_tenant(ledger, seq=2**40)
    one = replace(document(tenant, live_version_id=new_id()), epoch=2**41, next_submission=2**42)
    async with ledger.write() as unit:
        await unit.documents.add(one)
        assert await unit.documents.get(tenant, one.id) == one
        assert await unit.tenants.advance(tenant) == 2**40 + 1


@pytest.mark.parametrize("kind", ["reading", "writing"])
async def test_a_statement_the_driver_gives_up_on_is_unavailable(postgres_settings: Settings, kind: str):
    """The driver's own time limit is a plain TimeoutError, which SQLAlchemy passes on unwrapped."""
    engines = make_engines(
        postgres_settings.sql_url, postgres_settings.sql.model_copy(update={"statement_timeout_ms": 300})
    )
    engine = engines.reading if kind == "reading" else engines.writing

    async def hang() -> None:
        async with transaction(engine) as connection:
            await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            await connection.exec_driver_sql("SELECT pg_sleep(20)")

    with pytest.raises(LedgerUnavailable) as raised:
        await hang()
    assert isinstance(raised.value.__cause__, TimeoutError)
    async with transaction(engine) as connection:
        assert (await connection.exec_driver_sql("SELECT 1")).scalar_one() == 1
    await engines.close()


@pytest.mark.parametrize("error", [TimeoutError, ConnectionResetError, FileNotFoundError])
async def test_what_the_units_own_code_raises_is_not_taken_for_the_databases(ledger: Ledger, error: type[OSError]):
    tenant = await add_tenant(ledger)

    async def fail() -> None:
        async with ledger.write() as unit:
            await unit.tenants.advance(tenant)
            raise error

    with pytest.raises(error):
        await fail()
    async with ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == 0
