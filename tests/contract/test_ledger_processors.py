"""Ledger: what outside processors were sent; and the wrapper that writes it."""

import asyncio
from dataclasses import replace

import pytest

from lethe.adapters.clock import SystemClock
from lethe.errors import EmbedderUnavailable, ModelUnavailable, ProviderNotAllowed
from lethe.model.ids import Id, new_id
from lethe.model.processors import (
    ANSWERED,
    SENT,
    Operation,
    Origin,
    PolicyChange,
    Processor,
    ProcessorCall,
    Spent,
)
from lethe.ports.ledger import Ledger, PageCursor
from lethe.privacy.processors import ProcessorLedger, cost_micros
from lethe.privacy.retention import expire_processor_calls
from lethe.settings import AnsweringSettings, Price
from tests.contract.ledger_rows import add_tenant, at

OPENAI = Processor("openai", "eu", "text-embedding-3-small", Operation.EMBED)


def call(tenant_id: Id, second: int = 0) -> ProcessorCall:
    return ProcessorCall(
        tenant_id, new_id(), "openai", "eu", "some-model", Operation.EMBED, inputs=3, tokens=0, status=SENT,
        created_at=at(second),
    )  # fmt: skip


async def allow(ledger: Ledger, tenant_id: Id, allowed: tuple[str, ...] | None, second: int = 0) -> PolicyChange:
    change = PolicyChange(tenant_id, new_id(), new_id(), allowed, at(second))
    async with ledger.write() as uow:
        await uow.processor_policies.put(change)
    return change


async def about(ledger: Ledger, tenant_id: Id, ref: Id) -> list[ProcessorCall]:
    async with ledger.read() as uow:
        return await uow.processor_calls.about(tenant_id, ref)


async def test_calls_are_found_by_what_they_were_about(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one, two = new_id(), new_id()
    first, second, foreign = call(tenant), call(tenant, 1), call(other)
    async with ledger.write() as uow:
        await uow.processor_calls.add(second, {one})
        await uow.processor_calls.add(first, {one, two})
        await uow.processor_calls.add(foreign, {one})
        await uow.processor_calls.finish(tenant, second.id, ANSWERED, Spent(42, 7, 9), at(9))
    found = await about(ledger, tenant, one)
    assert [row.id for row in found] == [first.id, second.id]
    assert (found[1].status, found[1].tokens, found[1].finished_at) == (ANSWERED, 42, at(9))
    assert (found[1].tokens_out, found[1].cost_micros, found[1].is_estimated) == (7, 9, False)
    assert await about(ledger, tenant, two) == [first]
    async with ledger.read() as uow:
        costs = [await uow.processor_calls.cost_about(tenant, ref) for ref in (one, two, new_id())]
    assert costs == [9, 0, 0]


async def test_old_calls_expire_with_what_they_were_about(ledger: Ledger):
    tenant, ref = await add_tenant(ledger), new_id()
    rows = [call(tenant, second) for second in range(4)]
    async with ledger.write() as uow:
        for row in rows:
            await uow.processor_calls.add(row, {ref})
        assert await uow.processor_calls.expire(at(3), limit=2) == 2
    assert await expire_processor_calls(ledger, at(3)) == 1
    assert await about(ledger, tenant, ref) == [rows[3]]


async def test_a_call_is_recorded_before_it_is_made_and_its_outcome_after(ledger: Ledger):
    calls = ProcessorLedger(ledger, SystemClock())
    origin = Origin(await add_tenant(ledger), frozenset({ref := new_id()}))
    async with calls.call(OPENAI, origin, inputs=2) as outcome:
        (row,) = await about(ledger, origin.tenant_id, ref)
        assert (row.status, row.inputs, row.region, row.finished_at) == (SENT, 2, "eu", None)
        outcome.tokens = 17
    (row,) = await about(ledger, origin.tenant_id, ref)
    assert (row.status, row.tokens) == (ANSWERED, 17)
    with pytest.raises(EmbedderUnavailable):
        async with calls.call(OPENAI, origin, inputs=2):
            raise EmbedderUnavailable
    assert (await about(ledger, origin.tenant_id, ref))[1].status == EmbedderUnavailable.code


PRICES = AnsweringSettings(
    prices=(Price(name="openai:big", input_micros=2_500_000, output_micros=10_000_000, call_micros=3),), currency="EUR"
)
BIG = Processor("openai", "eu", "big", Operation.GENERATE)


async def test_what_a_call_costs_is_kept_at_most_until_it_is_known(ledger: Ledger):
    calls = ProcessorLedger(ledger, SystemClock(), PRICES)
    origin = Origin(await add_tenant(ledger), frozenset({ref := new_id()}), principal_id=new_id())
    async with calls.call(BIG, origin, inputs=1, tokens=1_000, most_out=500) as outcome:
        (row,) = await about(ledger, origin.tenant_id, ref)
        assert (row.principal_id, row.tokens, row.tokens_out) == (origin.principal_id, 1_000, 500)
        assert (row.cost_micros, row.currency, row.is_estimated) == (7_503, "EUR", True)
        outcome.tokens, outcome.tokens_out = 900, 20
    (row,) = await about(ledger, origin.tenant_id, ref)
    assert (row.tokens, row.tokens_out, row.cost_micros, row.is_estimated) == (900, 20, 2_453, False)
    with pytest.raises(ModelUnavailable):
        async with calls.call(BIG, origin, inputs=1, tokens=1_000, most_out=500):
            raise ModelUnavailable
    assert (await about(ledger, origin.tenant_id, ref))[1].cost_micros == 0
    with pytest.raises(asyncio.CancelledError):
        async with calls.call(BIG, origin, inputs=1, tokens=1_000, most_out=500):
            raise asyncio.CancelledError
    assert (await about(ledger, origin.tenant_id, ref))[2].cost_micros == 7_503


@pytest.mark.parametrize("error", [TimeoutError(), ModelUnavailable("no answer").unanswered()])
async def test_a_call_that_nobody_answered_counts_as_expected_or_as_what_came(ledger: Ledger, error: Exception):
    calls = ProcessorLedger(ledger, SystemClock(), PRICES)
    origin = Origin(await add_tenant(ledger), frozenset({ref := new_id()}))

    async def ask(tokens: int) -> None:
        async with calls.call(BIG, origin, inputs=1, tokens=1_000, most_out=500) as outcome:
            outcome.tokens = tokens
            raise error

    for tokens in (0, 900):
        with pytest.raises(type(error)):
            await ask(tokens)
    rows = await about(ledger, origin.tenant_id, ref)
    assert [(row.tokens, row.tokens_out, row.cost_micros) for row in rows] == [(1_000, 500, 7_503), (900, 0, 2_253)]
    assert all(row.finished_at is not None for row in rows)


@pytest.mark.parametrize(
    ("tokens_in", "tokens_out", "cost"), [(0, 0, 3), (1, 0, 6), (0, 1, 13), (1_000_000, 0, 2_500_003)]
)
def test_costs_are_whole_micros(tokens_in: int, tokens_out: int, cost: int):
    assert cost_micros(PRICES.price("openai:big"), tokens_in, tokens_out, calls=1) == cost
    assert cost_micros(PRICES.price("openai:unlisted"), tokens_in, tokens_out, calls=1) == 0


async def test_usage_is_summed_for_each_principal_and_operation(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one, two = sorted([new_id(), new_id()])
    mine = [
        replace(call(tenant, second), principal_id=who, operation=what, tokens=10, tokens_out=1, cost_micros=cost)
        for second, (who, what, cost) in enumerate(
            [
                (one, Operation.GENERATE, 5),
                (one, Operation.GENERATE, 6),
                (two, Operation.EMBED, 1),
                (None, Operation.EMBED, 2),
            ]
        )
    ]
    async with ledger.write() as uow:
        for each in (*mine, replace(call(other), cost_micros=99)):
            await uow.processor_calls.add(each, ())
    async with ledger.read() as uow:
        rows = await uow.processor_calls.usage(tenant, at(0), at(60))
        assert [(row.principal_id, row.operation, row.calls, row.tokens, row.cost_micros) for row in rows] == [
            (one, Operation.GENERATE, 2, 20, 11),
            (None, Operation.EMBED, 1, 10, 2),
            (two, Operation.EMBED, 1, 10, 1),
        ]
        (row,) = await uow.processor_calls.usage(tenant, at(0), at(1))
        assert (row.calls, row.tokens_out, row.currency) == (1, 1, "USD")
        assert await uow.processor_calls.usage(tenant, at(0), at(60), principal_id=two) == rows[2:]


async def test_a_tenant_may_refuse_a_provider(ledger: Ledger):
    calls = ProcessorLedger(ledger, SystemClock())
    tenant = await add_tenant(ledger)
    origin = Origin(tenant, frozenset({ref := new_id()}))
    for allowed in (("cohere",), ()):
        await allow(ledger, tenant, allowed)
        with pytest.raises(ProviderNotAllowed):
            async with calls.call(OPENAI, origin, inputs=1):
                raise AssertionError("nothing may be sent")
    for allowed in (("cohere", "openai"), None):
        await allow(ledger, tenant, allowed)
        async with calls.call(OPENAI, origin, inputs=1):
            pass
    assert len(await about(ledger, tenant, ref)) == 2


async def test_every_change_of_a_policy_is_kept_and_the_last_one_is_in_force(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    changes = [await allow(ledger, tenant, each, second) for second, each in enumerate([("openai",), (), None])]
    await allow(ledger, other, ("cohere",))
    async with ledger.read() as uow:
        assert await uow.processor_policies.page(tenant, None, 2) == [changes[2], changes[1]]
        last = PageCursor(changes[1].created_at, changes[1].id)
        assert await uow.processor_policies.page(tenant, last, 2) == [changes[0]]
        found = [await uow.tenants.get(each) for each in (tenant, other)]
    assert [each and each.allowed_providers for each in found] == [None, ("cohere",)]
