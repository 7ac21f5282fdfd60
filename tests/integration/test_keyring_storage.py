"""What the real key ring leaves on disk, and what it refuses."""

import asyncio
import multiprocessing
import stat
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncConnection

from lethe.adapters.keyring import SqlKeyRing, rewriting
from lethe.adapters.keyring.cache import MAX_KEYS, KeyCache
from lethe.adapters.keyring.files import KeyFiles
from lethe.adapters.sql.engine import make_engines, transaction
from lethe.errors import ConfigurationError, EnvironmentMismatch, KeyDestroyed, LedgerUnavailable, SealBroken
from lethe.model.erasures import PurgeState
from lethe.model.ids import Id, new_id
from lethe.ports.keyring import Emptied, SecretPurpose
from lethe.privacy.erasure.stores.keys import KeyStore
from lethe.settings import Environment, KeySettings, Settings
from tests.contract.ledger_rows import NOON
from tests.integration.snapshot import all_rows
from tests.servers.postgres import Postgres

LEFT = "rag_keys_left_to_operator"


@pytest_asyncio.fixture
async def ring(sqlite_settings: Settings) -> AsyncGenerator[SqlKeyRing, None]:
    ring = SqlKeyRing.from_settings(sqlite_settings)
    yield ring
    await ring.close()


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def _wrapped(settings: Settings, key_id: Id) -> bytes:
    engines = make_engines(settings.keyring_url, settings.sql)
    async with transaction(engines.reading) as connection:
        query = f"SELECT wrapped FROM data_keys WHERE key_id = '{key_id.replace('-', '')}'"
        wrapped = (await connection.exec_driver_sql(query)).scalar_one()
    await engines.close()
    return wrapped


async def test_a_destroyed_key_leaves_no_byte_in_file_or_journal(ring: SqlKeyRing, sqlite_settings: Settings):
    tenant, ids = new_id(), [new_id() for _ in range(20)]
    await ring.create_tenant(tenant)
    keys = [await ring.create(tenant, key_id) for key_id in ids]
    wrapped = [await _wrapped(sqlite_settings, key_id) for key_id in ids]
    folder = sqlite_settings.state / "keyring"
    # The control: before, every wrapped key is found; no key is ever there unwrapped.
    assert all(one in _bytes_of(folder) for one in wrapped)
    assert not any(key in _bytes_of(folder) for key in keys)
    await ring.destroy(tenant, ids[:10])
    assert [one in _bytes_of(folder) for one in wrapped] == [False] * 10 + [True] * 10


def _in_files(postgres: Postgres, wrapped: Sequence[bytes]) -> list[bool]:
    """Which of them are in the tables' files, when all that is known is written."""
    for statement in ("ANALYZE", "CHECKPOINT"):
        postgres.execute("keyring", statement)
    held = b"".join(path.read_bytes() for path in (postgres.folder / "data/base").rglob("*") if path.is_file())
    return [one in held for one in wrapped]


async def test_on_postgresql_a_destroyed_key_is_in_no_table_once_it_is_written_anew(
    postgres: Postgres, postgres_settings: Settings
):
    spared = postgres_settings.model_copy(update={"keys": KeySettings(rewrite_megabytes=0)})
    ring, sparing = SqlKeyRing.from_settings(postgres_settings), SqlKeyRing.from_settings(spared)
    tenant, ids = new_id(), [new_id() for _ in range(20)]
    await ring.create_tenant(tenant)
    for key_id in ids:
        await ring.create(tenant, key_id)
    rows = await all_rows(postgres_settings.keyring_url)
    by_id = {str(row["key_id"]): bytes(row["wrapped"]) for row in rows["data_keys"]}
    wrapped = [by_id[key_id] for key_id in ids]
    await ring.destroy(tenant, ids[:10])
    assert await sparing.leave_nothing() is Emptied.LEFT_TO_OPERATOR
    assert (await sparing.is_left_to_operator(), await ring.is_left_to_operator()) == (True, False)
    store = KeyStore(sparing, timedelta(days=35))
    assert await store.purge(tenant, NOON) is PurgeState.LEFT_TO_OPERATOR
    assert REGISTRY.get_sample_value(LEFT) == 1
    assert all(_in_files(postgres, wrapped)), "the control, and what a table that is too large keeps"

    engines = make_engines(postgres_settings.keyring_url, postgres_settings.sql)
    async with transaction(engines.writing) as connection:
        await connection.exec_driver_sql("LOCK TABLE data_keys IN ROW EXCLUSIVE MODE")
        assert await ring.leave_nothing(NOON) is Emptied.NOT_YET, "somebody writes"
    await engines.close()
    before = datetime.now(UTC)
    assert await ring.leave_nothing(NOON) is Emptied.DONE
    assert REGISTRY.get_sample_value(LEFT) == 0
    assert _in_files(postgres, wrapped) == [False] * 10 + [True] * 10
    assert len(await ring.get_many(tenant, ids)) == 10
    await ring.destroy(tenant, ids[10:])
    for since in (NOON, before):
        assert await ring.leave_nothing(since) is Emptied.DONE
    assert all(_in_files(postgres, wrapped[10:])), "it was done for what was destroyed by then already"
    assert await ring.leave_nothing() is Emptied.DONE
    assert not any(_in_files(postgres, wrapped))
    for each in (ring, sparing):
        await each.close()


async def test_on_postgresql_erasures_that_end_together_share_the_writing(
    postgres_settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    ring, begun = SqlKeyRing.from_settings(postgres_settings), list[int]()
    vacuum, look = rewriting._vacuum, rewriting._time  # pyright: ignore[reportPrivateUsage]
    looks, all_came = list[datetime](), asyncio.Event()

    async def counted(connection: AsyncConnection) -> None:
        begun.append(1)
        await all_came.wait()
        await vacuum(connection)

    async def looked(connection: AsyncConnection) -> datetime:
        looks.append(await look(connection))
        return looks[-1]

    monkeypatch.setattr(rewriting, "_vacuum", counted)
    monkeypatch.setattr(rewriting, "_time", looked)
    first = asyncio.create_task(ring.leave_nothing())
    while not begun:
        await asyncio.sleep(0.01)
    before = len(looks)
    others = [asyncio.create_task(ring.leave_nothing()) for _ in range(8)]
    while len(looks) < before + len(others):
        await asyncio.sleep(0.01)
    all_came.set()
    assert {await first, *await asyncio.gather(*others)} == {Emptied.DONE}
    assert len(begun) == 2, "those who came while it ran share the next one"
    await ring.close()


async def test_keys_survive_the_process(ring: SqlKeyRing, sqlite_settings: Settings):
    tenant, key_id = new_id(), new_id()
    await ring.create_tenant(tenant)
    key, secret = await ring.create(tenant, key_id), await ring.secret(tenant, SecretPurpose.CURSOR)
    other = SqlKeyRing.from_settings(sqlite_settings)
    assert await other.get(tenant, key_id) == key
    assert await other.secret(tenant, SecretPurpose.CURSOR) == secret
    await other.close()


async def test_another_process_forgets_a_destroyed_key_when_its_cache_ends(sqlite_settings: Settings):
    settings = sqlite_settings.model_copy(update={"keys": KeySettings(cache_seconds=0.3)})
    here, there = SqlKeyRing.from_settings(settings), SqlKeyRing.from_settings(settings)
    tenant, key_id = new_id(), new_id()
    await here.create_tenant(tenant)
    await here.create(tenant, key_id)
    await there.get(tenant, key_id)
    await here.destroy(tenant, [key_id])
    with pytest.raises(KeyDestroyed):
        await here.get(tenant, key_id)
    await asyncio.sleep(0.35)
    with pytest.raises(KeyDestroyed):
        await there.get(tenant, key_id)
    await here.close()
    await there.close()


def test_the_cache_is_bounded_in_time_and_number():
    now = [0.0]
    cache = KeyCache(60, lambda: now[0])
    for number in range(MAX_KEYS + 1):
        cache.put("tenant", str(number), b"key")
    assert cache.get("tenant", "0") is None
    assert cache.get("tenant", "1") == b"key"
    now[0] = 59.9
    assert cache.get("tenant", "2") == b"key"
    now[0] = 60.0
    assert cache.get("tenant", "2") is None


async def test_the_key_file_is_its_owners_only(ring: SqlKeyRing, sqlite_settings: Settings):
    tenant = new_id()
    await ring.create_tenant(tenant)
    (file,) = sqlite_settings.key_folder.iterdir()
    assert file.name == f"{tenant}.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def _make_and_read(folder: Path, tenant: Id, start: Barrier, keys: "multiprocessing.Queue[bytes]") -> None:
    files = KeyFiles(folder, Environment.DEVELOPMENT)
    start.wait()
    files.make(tenant)
    keys.put(files.read(tenant))


def test_processes_that_make_a_tenants_key_at_once_get_one(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    start, keys, tenant = context.Barrier(3), context.Queue(), new_id()
    children = [context.Process(target=_make_and_read, args=(tmp_path, tenant, start, keys)) for _ in range(3)]
    for child in children:
        child.start()
    assert len({keys.get(timeout=60) for _ in children}) == 1
    for child in children:
        child.join()
    assert [path.name for path in tmp_path.iterdir()] == [f"{tenant}.key"]


async def test_a_lost_key_file_is_not_replaced(ring: SqlKeyRing, sqlite_settings: Settings):
    """A new key would make everything sealed so far unreadable, and nobody would know why."""
    tenant = new_id()
    await ring.create_tenant(tenant)
    (sqlite_settings.key_folder / f"{tenant}.key").unlink()
    again = SqlKeyRing.from_settings(sqlite_settings)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        await again.create_tenant(tenant)
    KeyFiles(sqlite_settings.key_folder, Environment.DEVELOPMENT).make(tenant)
    with pytest.raises(ConfigurationError, match="not the one"):
        await again.create_tenant(tenant)
    await again.close()


@pytest.mark.parametrize("content", ["", "lethe-tenant-key-1 development", "other development " + "a" * 64, "ö"])
async def test_a_damaged_key_file_is_refused(ring: SqlKeyRing, sqlite_settings: Settings, content: str):
    tenant = new_id()
    sqlite_settings.key_folder.mkdir()
    (sqlite_settings.key_folder / f"{tenant}.key").write_text(content, "utf-8")
    with pytest.raises(ConfigurationError):
        await ring.create_tenant(tenant)


async def test_a_row_moved_to_another_key_does_not_open(ring: SqlKeyRing, sqlite_settings: Settings):
    tenant, ids = new_id(), sorted(new_id() for _ in range(2))
    await ring.create_tenant(tenant)
    for key_id in ids:
        await ring.create(tenant, key_id)
    engines = make_engines(sqlite_settings.keyring_url, sqlite_settings.sql)
    async with transaction(engines.writing) as connection:
        await connection.exec_driver_sql("UPDATE data_keys SET wrapped = (SELECT max(wrapped) FROM data_keys)")
    await engines.close()
    other = SqlKeyRing.from_settings(sqlite_settings)
    with pytest.raises(SealBroken):
        await other.get_many(tenant, ids)
    await other.close()


async def test_production_does_not_take_a_key_made_for_development(tmp_path: Path):
    tenant = new_id()
    KeyFiles(tmp_path, Environment.DEVELOPMENT).make(tenant)
    with pytest.raises(EnvironmentMismatch, match="development"):
        KeyFiles(tmp_path, Environment.PRODUCTION).read(tenant)


async def test_a_ring_of_another_environment_is_refused(sql_settings: Settings):
    ring = SqlKeyRing.from_settings(sql_settings.model_copy(update={"environment": Environment.PRODUCTION}))
    with pytest.raises(EnvironmentMismatch):
        await ring.connect()
    with pytest.raises(EnvironmentMismatch):
        await ring.create_tenant(new_id())
    await ring.close()


async def test_a_ring_that_does_not_answer_is_unavailable(tmp_path: Path, sqlite_settings: Settings):
    ring = SqlKeyRing.from_settings(sqlite_settings.model_copy(update={"state": tmp_path / "nowhere"}))
    assert not await ring.ready()
    with pytest.raises(LedgerUnavailable):
        await ring.create_tenant(new_id())
    await ring.close()
