"""A claim of an Idempotency-Key is one attempt's: renewed while it lives, taken over once it is dead, always ended."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from api import idempotency as idempotency_module
from api.idempotency import Attempt, Idempotency
from lethe.errors import IdempotencyInFlight, LedgerUnavailable
from lethe.model.operations import IdempotencyRecord
from lethe.model.principals import Caller, Role
from tests.unit.api.world import World


class Done(BaseModel):
    number: int


async def _attempt(world: World) -> Attempt:
    async with world.services.ledger.read() as uow:
        key = (await uow.api_keys.list(world.tenant_id))[0]
    return Attempt(Caller(world.tenant_id, key.principal_id, Role.ADMIN), "k1", ("request",), 200)


async def _renewed_at(world: World) -> datetime:
    (record,) = await _records(world)
    return record.renewed_at


async def _records(world: World) -> list[IdempotencyRecord]:
    async with world.services.ledger.read() as uow:
        return await uow.idempotency.expired(world.clock.now() + timedelta(seconds=1), 10)


async def test_the_claim_of_a_dead_process_is_taken_over(world: World) -> None:
    await world.post("/v1/query", json={"question": "Why?"})
    idempotency: Idempotency = world.services.idempotency
    attempt = await _attempt(world)
    record = await idempotency._record(attempt, "k1")  # pyright: ignore[reportPrivateUsage]
    async with world.services.ledger.write() as uow:
        assert await uow.idempotency.claim(record) is None

    async def perform() -> Done:
        return Done(number=7)

    with pytest.raises(IdempotencyInFlight):
        await idempotency.once(attempt, Done, perform)
    world.clock.advance(timedelta(seconds=61))
    assert await idempotency.once(attempt, Done, perform) == (Done(number=7), False)
    assert await idempotency.once(attempt, Done, perform) == (Done(number=7), True)


async def test_a_claim_that_was_taken_over_leaves_the_rest_to_its_successor(world: World) -> None:
    """Its process lives, but could not renew it."""
    idempotency: Idempotency = world.services.idempotency
    attempt = await _attempt(world)
    entered, leave, first_leaves = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow() -> Done:
        await first_leaves.wait()
        return Done(number=1)

    async def successor() -> Done:
        entered.set()
        await leave.wait()
        return Done(number=2)

    async with asyncio.timeout(20):
        first = asyncio.create_task(idempotency.once(attempt, Done, slow))
        while not await _records(world):
            await asyncio.sleep(0.01)
        world.clock.advance(timedelta(seconds=61))
        second = asyncio.create_task(idempotency.once(attempt, Done, successor))
        await entered.wait()
        first_leaves.set()
        with pytest.raises(IdempotencyInFlight):
            await first
        leave.set()
        assert await second == (Done(number=2), False)
    assert await idempotency.once(attempt, Done, slow) == (Done(number=2), True)


async def test_the_claim_of_a_slow_request_is_not_taken_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency_module, "LEASE_SECONDS", 0.08)
    idempotency: Idempotency = world.services.idempotency
    attempt = await _attempt(world)
    refused = asyncio.Event()

    async def perform() -> Done:
        world.clock.advance(timedelta(minutes=11))
        renewed = world.clock.now()
        while await _renewed_at(world) < renewed:
            await asyncio.sleep(0.01)
        with pytest.raises(IdempotencyInFlight):
            await idempotency.once(attempt, Done, perform)
        refused.set()
        return Done(number=7)

    assert await idempotency.once(attempt, Done, perform) == (Done(number=7), False)
    assert refused.is_set()


@pytest.mark.parametrize("fails", [False, True])
async def test_a_record_is_finished_although_the_sender_hangs_up(
    world: World, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    create, entered = type(world.services.keyring).create, asyncio.Event()

    async def slow(self: Any, tenant_id: str, key_id: str) -> bytes:
        entered.set()
        await asyncio.sleep(0.1)
        if fails:
            raise LedgerUnavailable
        return await create(self, tenant_id, key_id)

    attempt = await _attempt(world)

    async def perform() -> Done:
        return Done(number=7)

    monkeypatch.setattr(type(world.services.keyring), "create", slow)
    sending = asyncio.create_task(world.services.idempotency.once(attempt, Done, perform))
    await entered.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    if fails:
        with pytest.raises(IdempotencyInFlight):
            await world.services.idempotency.once(attempt, Done, perform)
    else:
        assert await world.services.idempotency.once(attempt, Done, perform) == (Done(number=7), True)
