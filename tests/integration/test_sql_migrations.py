"""The migrations make exactly the schema the code declares, on both engines, however often and by whomever run."""

import asyncio
import os
import re
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, insert, inspect, select, text

from lethe.adapters.sql import SqlLedger
from lethe.adapters.sql.engine import make_engines, transaction
from lethe.adapters.sql.repositories.erasures import REQUEST
from lethe.adapters.sql.tables import erasures, tenants
from lethe.errors import ConfigurationError, EnvironmentMismatch
from lethe.model.ids import Id, new_id
from lethe.settings import Environment, Settings
from migrations import BRANCHES, Branch, current, upgrade
from tests.conftest import settings_at
from tests.contract.ledger_rows import NOON
from tests.contract.test_ledger_erasures import request as request_of_erasure
from tests.servers.postgres import Postgres

_SQLITE_SCHEMA = "SELECT type || ' ' || name || ' ' || sql FROM sqlite_master WHERE sql IS NOT NULL"
_POSTGRES_SCHEMA = """
    SELECT format('column %s %s %s %s %s', table_name, ordinal_position, column_name, udt_name, is_nullable)
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


def _differences(connection: Connection, metadata: MetaData) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def _schema(connection: Connection) -> set[str]:
    """Every table, column, index (with its condition) and constraint, as the database itself writes them."""
    query = _SQLITE_SCHEMA if connection.dialect.name == "sqlite" else _POSTGRES_SCHEMA
    lines = (re.sub(r'[\s"]+', "", row) for row in connection.execute(text(query)).scalars())
    return {_sorted_parts(line) for line in lines if "alembic_version" not in line}


def _sorted_parts(line: str) -> str:
    """SQLite writes a column that was added behind the table's constraints: there, order says nothing."""
    head, opened, body = line.partition("(")
    if not line.startswith("table") or not opened:
        return line
    return f"{head}({sorted(re.split(r',(?![^()]*[)])', body.removesuffix(')')))}"


@pytest.mark.parametrize("branch", BRANCHES.values(), ids=list(BRANCHES))
async def test_alembic_finds_no_difference(sql_settings: Settings, branch: Branch):
    engines = make_engines(branch.url(sql_settings), sql_settings.sql)
    async with transaction(engines.reading) as connection:
        assert await connection.run_sync(_differences, branch.metadata) == []
    await engines.close()


@pytest.mark.parametrize("branch", BRANCHES.values(), ids=list(BRANCHES))
async def test_nor_does_the_database(
    sql_settings: Settings, branch: Branch, tmp_path: Path, request: pytest.FixtureRequest
):
    """Conditions of indexes and CHECKs too, which alembic does not compare."""
    if sql_settings.sql_url.startswith("sqlite"):
        (tmp_path / "made.db").touch()
        made_url = f"sqlite+aiosqlite:///{tmp_path}/made.db"
    else:
        made_url = request.getfixturevalue("postgres").create_database(f"made_{branch.name}")
    migrated = make_engines(branch.url(sql_settings), sql_settings.sql)
    made = make_engines(made_url, sql_settings.sql)
    async with transaction(made.writing) as connection:
        await connection.run_sync(branch.metadata.create_all)
    async with transaction(migrated.reading) as ours, transaction(made.reading) as theirs:
        assert await ours.run_sync(_schema) == await theirs.run_sync(_schema)
    await migrated.close()
    await made.close()


async def test_upgrading_again_changes_nothing(sql_settings: Settings):
    before = await current(sql_settings)
    assert set(before) == set(BRANCHES)
    assert all(before.values())
    await upgrade(sql_settings)
    assert await current(sql_settings) == before


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_processes_that_upgrade_at_once_wait_for_each_other(tmp_path: Path, postgres: Postgres, engine: str):
    urls = ["", ""] if engine == "sqlite" else [postgres.create_database(f"race_{name}") for name in BRANCHES]
    settings = settings_at(tmp_path / "state", *urls)
    addresses = dict(zip(("LETHE_SQL__URL", "LETHE_SQL__KEYRING_URL"), urls, strict=True))
    environment = {"PATH": os.environ["PATH"], "LETHE_STATE": str(settings.state), **addresses}
    command = [sys.executable, "-W", "error", "-m", "migrations", "upgrade"]
    children = [await asyncio.create_subprocess_exec(*command, env=environment) for _ in range(2)]
    assert [await child.wait() for child in children] == [0, 0]
    assert all((await current(settings)).values())
    ledger = SqlLedger.from_settings(settings)
    await ledger.connect()
    await ledger.close()


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_an_erasure_of_before_that_may_have_destroyed_something_says_so(
    tmp_path: Path, request: pytest.FixtureRequest, engine: str
):
    (tmp_path / "before.db").touch()
    url = f"sqlite+aiosqlite:///{tmp_path}/before.db"
    if engine == "postgres":
        url = request.getfixturevalue("postgres").create_database("before_0016")
    branch, tenant_id = BRANCHES["ledger"], new_id()
    asked = [
        _request(tenant_id, reason="fenced"),
        _request(tenant_id, reason="looked", rounds=1, discovered_at=NOON),
        _request(tenant_id, reason="later", rounds=3, discovered_at=NOON),
        _request(tenant_id, reason="certified", certified_at=NOON),
    ]
    engines = make_engines(url, settings_at(tmp_path).sql)
    async with transaction(engines.writing) as connection:
        await connection.run_sync(lambda sync: command.upgrade(branch.config(sync), "0015"))
        tenant = {"tenant_id": tenant_id, "name": "tenant", "seq": 0, "created_at": NOON}
        await connection.execute(insert(tenants).values(tenant))
        there = await connection.run_sync(lambda sync: {each["name"] for each in inspect(sync).get_columns("erasures")})
        rows = [{name: each for name, each in row.items() if name in there} for row in asked]
        await connection.execute(insert(erasures), rows)
        await connection.run_sync(lambda sync: command.upgrade(branch.config(sync), "head"))
        begun = await connection.execute(select(erasures.c.reason, erasures.c.erasing_at))
        assert {row[0]: row[1] for row in begun} == {
            "fenced": None,
            "looked": NOON,
            "later": NOON,
            "certified": NOON + timedelta(hours=1),
        }
    await engines.close()


def _request(tenant_id: Id, **fields: object) -> dict[str, object]:
    return REQUEST.values(request_of_erasure(tenant_id, updated_at=NOON + timedelta(hours=1), **fields))


async def test_a_store_of_another_environment_is_not_touched(sql_settings: Settings):
    before = await current(sql_settings)
    with pytest.raises(EnvironmentMismatch):
        await upgrade(sql_settings.model_copy(update={"environment": Environment.PRODUCTION}))
    assert await current(sql_settings) == before


async def test_a_key_ring_of_another_installation_is_refused(sqlite_settings: Settings, tmp_path: Path):
    other = settings_at(tmp_path / "other")
    await upgrade(other)
    shutil.copytree(tmp_path / "other" / "keyring", sqlite_settings.state / "keyring", dirs_exist_ok=True)
    with pytest.raises(EnvironmentMismatch, match="another installation"):
        await upgrade(sqlite_settings)


async def test_the_key_ring_needs_a_database_of_its_own(tmp_path: Path):
    url = f"sqlite+aiosqlite:///{tmp_path}/both.db"
    with pytest.raises(ConfigurationError, match="of its own"):
        await upgrade(settings_at(tmp_path, url, url))


async def test_the_files_are_their_owners_only(tmp_path: Path):
    settings = settings_at(tmp_path / "state")
    await upgrade(settings)
    ledger = SqlLedger.from_settings(settings)
    async with ledger.write() as unit:
        await unit.tenants.list()
    files = [path for path in settings.state.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"ledger.db", "ledger.db-wal", "keyring.db"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in files} == {0o700}
    await ledger.close()


@pytest.mark.parametrize("branch", BRANCHES.values(), ids=list(BRANCHES))
def test_every_key_begins_with_the_tenant(branch: Branch):
    for table in branch.metadata.sorted_tables:
        if table.name in {"environment_stamp", "log_leaves", "log_checkpoints"}:
            continue
        keys = [table.primary_key.columns.keys(), *(list(key.column_keys) for key in table.foreign_key_constraints)]
        assert [key[0] for key in keys] == ["tenant_id"] * len(keys), table.name
        for constraint in table.foreign_key_constraints:
            assert constraint.elements[0].column.name == "tenant_id"
        assert table.foreign_key_constraints or table.name in {"tenants", "tenant_keys"}


async def test_sqlite_waits_overwrites_and_checks(sqlite_settings: Settings):
    engines = make_engines(sqlite_settings.sql_url, sqlite_settings.sql)
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "secure_delete": 1, "synchronous": 2, "busy_timeout": 15_000}
    for engine in (engines.reading, engines.writing):
        async with transaction(engine) as connection:
            found = {name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one() for name in wanted}
        assert found == wanted
    await engines.close()
