"""Keys go before the rows that name them, so that what a kill leaves is found again: on both SQL engines."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
import pytest_asyncio

from lethe.adapters.sql import SqlLedger
from lethe.ingestion.requests import MetadataPatch
from lethe.ingestion.selections import Description, Selections
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.model.selections import SelectionAction
from lethe.privacy.retention import expire_idempotency, expire_selections
from tests.contract.ledger_rows import NOON, add_tenant, at, record
from tests.integration.house import KilledError, KilledOnce, SteppingClock


@pytest_asyncio.fixture
async def tenant_id(ledger: SqlLedger) -> Id:
    return await add_tenant(ledger)


@pytest_asyncio.fixture
async def keyring(tenant_id: Id) -> AsyncGenerator[KilledOnce]:
    ring = KilledOnce()
    await ring.create_tenant(tenant_id)
    yield ring


async def test_remembered_responses(ledger: SqlLedger, keyring: KilledOnce, tenant_id: Id) -> None:
    old, fresh = record(tenant_id), record(tenant_id, key_hmac="another", created_at=at(10))
    async with ledger.write() as uow:
        for row in (old, fresh):
            await keyring.create(tenant_id, row.key_id)
            assert await uow.idempotency.claim(row) is None
    with pytest.raises(KilledError):
        await expire_idempotency(ledger, keyring, at(5))
    assert await expire_idempotency(ledger, keyring, at(5)) >= 1
    assert list(await keyring.get_many(tenant_id, [old.key_id, fresh.key_id])) == [fresh.key_id]
    async with ledger.write() as uow:
        assert await uow.idempotency.claim(replace(fresh, key_id=new_id())) == fresh
        assert await uow.idempotency.claim(replace(old, key_id=new_id())) is None


async def test_deletions_of_many(ledger: SqlLedger, keyring: KilledOnce, tenant_id: Id) -> None:
    caller = Caller(tenant_id, new_id(), Role.ADMIN)
    selections = Selections(ledger, keyring, SteppingClock(NOON))
    described = Description(filter={"year": 1990})
    ordered = await selections.order(caller, SelectionAction.COUNT, described, MetadataPatch())
    with pytest.raises(KilledError):
        await expire_selections(ledger, keyring, at(5))
    assert await selections.get(caller, ordered.id) == ordered
    assert await expire_selections(ledger, keyring, at(5)) >= 1
    assert await keyring.get_many(tenant_id, [ordered.id]) == {}
    async with ledger.read() as uow:
        assert await uow.selections.get(tenant_id, ordered.id) is None
