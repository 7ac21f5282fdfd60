"""Ledger: tenants, their clock, API keys."""

import asyncio
from dataclasses import replace

import pytest

from lethe.adapters.sql import SqlLedger
from lethe.errors import LedgerConflict, NotFound
from lethe.model.ids import Id, new_id
from lethe.model.principals import ApiKey, Role, Tenant
from lethe.ports.ledger import Ledger
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, add_tenant, at, dispatch


async def test_a_tenant_is_read_back_as_written(ledger: Ledger):
    tenants = [Tenant(new_id(), f"Käufer {number}", number, at(number)) for number in range(3)]
    async with ledger.write() as unit:
        for tenant in tenants:
            await unit.tenants.add(tenant)
    async with ledger.read() as unit:
        assert await unit.tenants.list() == tenants
        assert await unit.tenants.get(tenants[1].id) == tenants[1]
        assert await unit.tenants.get(new_id()) is None
        assert await unit.tenants.seq(tenants[2].id) == 2


async def test_a_tenant_that_is_not_there_has_no_clock(ledger: Ledger):
    async with ledger.write() as unit:
        for ask in (unit.tenants.seq, unit.tenants.advance, unit.tenants.lock):
            with pytest.raises(NotFound):
                await ask(new_id())


async def test_advance_raises_the_clock_by_one_for_this_tenant_only(ledger: Ledger):
    tenant, other = await add_tenant(ledger, seq=7), await add_tenant(ledger)
    async with ledger.write() as unit:
        assert (await unit.tenants.lock(tenant)).seq == 7
        assert await unit.tenants.advance(tenant) == 8
        assert await unit.tenants.advance(tenant) == 9
    async with ledger.read() as unit:
        assert await unit.tenants.seq(tenant) == 9
        assert await unit.tenants.seq(other) == 0


async def test_commit_order_is_seq_order(ledger: Ledger):
    """Nobody who has read seq n can later find a new row below n: every row up to n is there with it."""
    tenant, last = await add_tenant(ledger), 24

    async def commit(pause: float) -> None:
        async with ledger.write() as unit:
            seq = await unit.tenants.advance(tenant)
            await unit.dispatches.add(dispatch(tenant, workflow_id=f"{tenant}/{seq}"))
            await asyncio.sleep(pause)

    async def watch() -> None:
        seq = 0
        while seq < last:
            async with ledger.read() as unit:
                seq = await unit.tenants.seq(tenant)
            async with ledger.read() as unit:
                rows = {row.workflow_id for row in await unit.dispatches.pending(at(1), 1000)}
            assert {f"{tenant}/{number}" for number in range(1, seq + 1)} <= rows

    commits = (commit(0.02 if number % 3 == 0 else 0.0) for number in range(last))
    await asyncio.gather(watch(), watch(), *commits)


async def test_a_locked_tenant_waits_for_the_one_before(ledger: Ledger):
    tenant = await add_tenant(ledger)
    order: list[str] = []
    held = asyncio.Event()

    async def first() -> None:
        async with ledger.write() as unit:
            await unit.tenants.lock(tenant)
            held.set()
            await asyncio.sleep(0.1)
            order.append("first")

    async def second() -> None:
        await held.wait()
        async with ledger.write() as unit:
            await unit.tenants.lock(tenant)
            order.append("second")

    await asyncio.gather(second(), first())
    assert order == ["first", "second"]


async def test_a_pinned_clock_stands_until_its_unit_ends(ledger: Ledger):
    tenant = await add_tenant(ledger, seq=3)

    async def move() -> int:
        async with ledger.write() as unit:
            return await unit.tenants.advance(tenant)

    async with ledger.write() as pinning:
        assert await pinning.tenants.pinned_seq(tenant) == 3
        moving = asyncio.create_task(move())
        await asyncio.sleep(0.1)
        assert not moving.done()
    assert await moving == 4


async def test_a_clock_that_is_about_to_move_is_not_waited_for(postgres_settings: Settings):
    """On SQLite there is one writer."""
    ledger = SqlLedger.from_settings(postgres_settings)
    tenant = await add_tenant(ledger, seq=3)
    async with ledger.write() as moving, ledger.write() as pinning:
        await moving.tenants.advance(tenant)
        async with asyncio.timeout(10):
            assert await pinning.tenants.pinned_seq(tenant) is None
    await ledger.close()


async def test_readers_do_not_wait_for_a_writer(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as writing:
        await writing.tenants.advance(tenant)
        async with asyncio.timeout(10), ledger.read() as reading:
            assert await reading.tenants.seq(tenant) == 0


def _key(tenant: Id, secret: str) -> ApiKey:
    groups = frozenset({new_id(), new_id()})
    return ApiKey(tenant, new_id(), new_id(), Role.WRITER, groups, secret, NOON)


async def test_a_key_is_found_by_its_secret_alone(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    keys = [_key(tenant, "a" * 64), _key(tenant, "b" * 64), _key(other, "c" * 64)]
    async with ledger.write() as unit:
        for key in keys:
            await unit.api_keys.add(key)
    async with ledger.read() as unit:
        assert [await unit.api_keys.by_secret(key.secret_sha256) for key in keys] == keys
        assert await unit.api_keys.by_secret("d" * 64) is None
        assert await unit.api_keys.list(tenant) == keys[:2]


async def test_a_key_without_groups(ledger: Ledger):
    tenant = await add_tenant(ledger)
    key = ApiKey(tenant, new_id(), new_id(), Role.READER, frozenset(), "a" * 64, NOON)
    async with ledger.write() as unit:
        await unit.api_keys.add(key)
        assert await unit.api_keys.by_secret(key.secret_sha256) == key


async def test_a_revoked_key_is_listed_but_speaks_for_nobody(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    key = _key(tenant, "a" * 64)
    async with ledger.write() as unit:
        await unit.api_keys.add(key)
        assert not await unit.api_keys.revoke(other, key.id, at(1))
        assert await unit.api_keys.revoke(tenant, key.id, at(1))
        assert not await unit.api_keys.revoke(tenant, key.id, at(2))
        assert await unit.api_keys.by_secret(key.secret_sha256) is None
        assert [listed.revoked_at for listed in await unit.api_keys.list(tenant)] == [at(1)]


async def test_a_renewed_key_speaks_by_its_new_secret_only(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    key = _key(tenant, "a" * 64)
    async with ledger.write() as unit:
        await unit.api_keys.add(key)
        await unit.api_keys.renew(other, key.id, "c" * 64)
        assert await unit.api_keys.by_secret(key.secret_sha256) == key
        await unit.api_keys.renew(tenant, key.id, "b" * 64)
        assert await unit.api_keys.by_secret(key.secret_sha256) is None
        assert await unit.api_keys.list(tenant) == [replace(key, secret_sha256="b" * 64)]
        await unit.api_keys.revoke(tenant, key.id, at(1))
        await unit.api_keys.renew(tenant, key.id, "d" * 64)
        assert [each.secret_sha256 for each in await unit.api_keys.list(tenant)] == ["b" * 64]


async def test_two_keys_cannot_have_one_secret(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        await unit.api_keys.add(_key(tenant, "a" * 64))
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.api_keys.add(_key(other, "a" * 64))
