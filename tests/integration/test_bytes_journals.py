"""SQLite's write-ahead logs hold what deleted rows were: an erasure is purged when they are empty."""

import sqlite3
from collections.abc import Generator
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import timedelta
from typing import Any, cast

from lethe.adapters.keyring import SqlKeyRing
from lethe.adapters.sql import SqlLedger
from lethe.model.erasures import PurgeState
from lethe.model.ids import new_id
from lethe.privacy.erasure.stores.documents import DocumentStore
from lethe.privacy.erasure.stores.keys import KeyStore
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, add_tenant


def _impatient(settings: Settings) -> Settings:
    return settings.model_copy(update={"sql": settings.sql.model_copy(update={"busy_timeout_ms": 50})})


async def test_a_ring_whose_database_keeps_dead_rows_ages_out(sqlite_settings: Settings) -> None:
    ring = SqlKeyRing.from_settings(sqlite_settings)
    keeps, overwrites = KeyStore(ring, timedelta(days=35)), KeyStore(ring)
    states = [await store.purge(new_id(), NOON) for store in (keeps, overwrites)]
    assert states == [PurgeState.AGES_OUT, PurgeState.PURGED]
    assert [store.horizon(NOON) for store in (keeps, overwrites)] == [NOON + timedelta(days=35), None]
    await ring.close()


@contextmanager
def _reader(settings: Settings) -> Generator[None]:
    """Another process in the middle of a look-up."""
    with closing(sqlite3.connect(settings.state / "keyring" / "keyring.db", isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM data_keys").fetchone()
        yield


async def test_the_ledgers_is_emptied_as_soon_as_nobody_reads(sqlite_settings: Settings) -> None:
    ledger = SqlLedger.from_settings(_impatient(sqlite_settings))
    journal = sqlite_settings.state / "sql" / "ledger.db-wal"
    tenant_id = await add_tenant(ledger)
    store = DocumentStore(ledger, cast("Any", None))
    async with AsyncExitStack() as reading:
        unit = await reading.enter_async_context(ledger.read())
        assert await unit.tenants.get(tenant_id)
        await add_tenant(ledger)
        assert await store.purge(tenant_id, NOON) is PurgeState.PENDING
        assert journal.stat().st_size
    assert await store.purge(tenant_id, NOON) is PurgeState.PURGED
    assert journal.stat().st_size == 0
    await ledger.close()


async def test_the_key_rings_is_emptied_as_soon_as_nobody_reads(sqlite_settings: Settings) -> None:
    ring = SqlKeyRing.from_settings(_impatient(sqlite_settings))
    journal = sqlite_settings.state / "keyring" / "keyring.db-wal"
    tenant_id, key_id = new_id(), new_id()
    await ring.create_tenant(tenant_id)
    await ring.create(tenant_id, key_id)
    store = KeyStore(ring)
    with _reader(sqlite_settings):
        await ring.destroy(tenant_id, [key_id])
        assert await store.purge(tenant_id, NOON) is PurgeState.PENDING
        assert journal.stat().st_size
    assert await store.purge(tenant_id, NOON) is PurgeState.PURGED
    assert journal.stat().st_size == 0
    await ring.close()
