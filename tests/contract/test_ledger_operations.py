"""Ledger: dispatches, dead letters, idempotency."""

import asyncio
from dataclasses import replace

from lethe.errors import FailureClass
from lethe.model.ids import new_id
from lethe.model.operations import DeadLetterState, IdempotencyRecord, LetterFilter
from lethe.ports.ledger import Ledger, PageCursor
from tests.contract.ledger_rows import NOON, add_document, add_tenant, at, dispatch, letter, record, version


async def test_what_is_not_started_is_pending_oldest_first_in_every_tenant(ledger: Ledger):
    one, two = await add_tenant(ledger), await add_tenant(ledger)
    rows = [dispatch(one, created_at=at(2)), dispatch(two, created_at=at(1)), dispatch(one, created_at=at(3))]
    async with ledger.write() as unit:
        for row in rows:
            await unit.dispatches.add(row)
        assert await unit.dispatches.pending(at(3), 10) == [rows[1], rows[0]]
        assert await unit.dispatches.pending(at(4), 1) == [rows[1]]
        await unit.dispatches.mark(rows[1], at(5))
        await unit.dispatches.mark(dispatch(two), at(5))
        assert await unit.dispatches.pending(at(9), 10) == [rows[0], rows[2]]


async def test_a_workflow_is_dispatched_once(ledger: Ledger):
    tenant = await add_tenant(ledger)
    row = dispatch(tenant)
    async with ledger.write() as unit:
        await unit.dispatches.add(row)
        await unit.dispatches.mark(row, at(1))
        await unit.dispatches.add(replace(row, created_at=at(2)))
        assert await unit.dispatches.pending(at(9), 10) == []


async def test_what_is_wanted_again_is_not_marked_by_who_started_it_before(ledger: Ledger):
    tenant = await add_tenant(ledger)
    first = dispatch(tenant)
    again = replace(first, created_at=at(2), again=True)
    async with ledger.write() as unit:
        await unit.dispatches.add(first)
        await unit.dispatches.renew(again)
        await unit.dispatches.mark(first, at(3))
        assert again in await unit.dispatches.pending(at(9), 1000)
        await unit.dispatches.mark(again, at(4))
        assert again not in await unit.dispatches.pending(at(9), 1000)


async def test_dispatches_go_with_what_they_started(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    row, kept = dispatch(tenant), dispatch(tenant, created_at=at(1))
    async with ledger.write() as unit:
        await unit.dispatches.add(row)
        await unit.dispatches.add(kept)
        await unit.dispatches.delete_for(other, [row.ref])
        await unit.dispatches.delete_for(tenant, [row.ref, new_id()])
        await unit.dispatches.delete_for(tenant, [])
        assert await unit.dispatches.pending(at(9), 10) == [kept]


async def test_what_was_started_long_ago_expires_and_what_waits_to_be_started_does_not(ledger: Ledger):
    tenant = await add_tenant(ledger)
    started, recent, waiting = (dispatch(tenant) for _ in range(3))
    async with ledger.write() as unit:
        for row in (started, recent, waiting):
            await unit.dispatches.add(row)
        await unit.dispatches.mark(started, at(-9))
        await unit.dispatches.mark(recent, at(2))
        assert await unit.dispatches.expire(at(-9), 1000) == 0
        assert await unit.dispatches.expire(at(-8), 1000) == 1
        await unit.dispatches.add(started)
        await unit.dispatches.add(recent)
        pending = await unit.dispatches.pending(at(9), 1000)
    assert [row for row in (started, recent, waiting) if row in pending] == [started, waiting]


async def test_a_step_has_one_letter_that_is_rewritten(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
        first = letter(one, state=DeadLetterState.ATTEMPTING)
        await unit.dead_letters.record(first)
        again = letter(
            one, code="parser_crashed", failure_class=FailureClass.POISON, attempts=3, sealed_detail=b"other",
            updated_at=at(1), created_at=at(1), workflow_id="ignored", input_hmac="ignored",
        )  # fmt: skip
        await unit.dead_letters.record(again)
        kept = replace(
            again, id=first.id, created_at=first.created_at, workflow_id=first.workflow_id, input_hmac=first.input_hmac
        )
        assert await unit.dead_letters.of_version(tenant, one.id) == [kept]
        assert await unit.dead_letters.get(tenant, first.id) == kept
        assert await unit.dead_letters.get(other, first.id) is None
        assert await unit.dead_letters.get(tenant, again.id) is None


async def test_letters_change_state_and_go_by_version(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
        _, two, _ = await add_document(unit, tenant)
        letters = [letter(one), letter(one, step="index", created_at=at(1)), letter(two, created_at=at(2))]
        for row in letters:
            await unit.dead_letters.record(row)
        assert await unit.dead_letters.waiting(tenant) == 2  # versions: one that failed at two steps waits once
        await unit.dead_letters.set_state(tenant, one.id, DeadLetterState.RESOLVED, at(3))
        assert await unit.dead_letters.waiting(tenant) == 1
        assert await unit.dead_letters.of_version(tenant, one.id) == [
            replace(row, state=DeadLetterState.RESOLVED, updated_at=at(3)) for row in letters[:2]
        ]
        assert await unit.dead_letters.page(tenant, LetterFilter(states=(DeadLetterState.OPEN,)), None, 10) == [
            letters[2]
        ]
        assert await unit.dead_letters.delete(other, one.id) == 0
        assert await unit.dead_letters.delete(tenant, one.id) == 2
        assert await unit.dead_letters.of_version(tenant, one.id) == []
        assert await unit.dead_letters.waiting(other) == 0


async def test_pages_of_letters_meet_each_once(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
        _, foreign, _ = await add_document(unit, other)
        await unit.dead_letters.record(letter(foreign))
        rows = [letter(one, step=f"step {number}", created_at=at(number // 3)) for number in range(7)]
        for row in rows:
            await unit.dead_letters.record(row)
        seen: list[str] = []
        after: PageCursor | None = None
        while page := await unit.dead_letters.page(tenant, LetterFilter(), after, 3):
            seen += [row.id for row in page]
            after = PageCursor(page[-1].created_at, page[-1].id)
    assert seen == [row.id for row in sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)]


async def test_a_letter_outlives_its_version(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, _, _ = await add_document(unit, tenant)
        discarded = version(parent, submission=2)
        await unit.versions.add(discarded)
        await unit.dead_letters.record(letter(discarded))
        await unit.versions.delete(tenant, discarded.id)
        assert len(await unit.dead_letters.of_version(tenant, discarded.id)) == 1


async def test_the_first_claim_of_a_key_wins(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    first = record(tenant)
    async with ledger.write() as unit:
        assert await unit.idempotency.claim(first) is None
        second = replace(first, request_hmac="another", key_id=new_id())
        assert await unit.idempotency.claim(second) == first
        assert await unit.idempotency.claim(replace(first, principal_id=new_id())) is None
        assert await unit.idempotency.claim(replace(first, tenant_id=other)) is None
        assert await unit.idempotency.finish(first, 202, b"body")
        finished = replace(first, status=202, sealed_body=b"body")
        assert await unit.idempotency.claim(second) == finished


async def test_what_took_the_place_of_an_old_claim_is_not_forgotten_with_it(ledger: Ledger):
    tenant = await add_tenant(ledger)
    old = record(tenant, status=202, sealed_body=b"body")
    async with ledger.write() as unit:
        await unit.idempotency.claim(old)
        assert old in await unit.idempotency.expired(at(5), 1000)
        assert old not in await unit.idempotency.expired(NOON, 1000)
        await unit.idempotency.forget(old)
        new = replace(old, request_hmac="another", status=0, sealed_body=b"", key_id=new_id(), created_at=at(10))
        assert await unit.idempotency.claim(new) is None
        await unit.idempotency.forget(old)
        assert await unit.idempotency.claim(old) == new


async def test_who_outlived_its_claim_leaves_the_one_that_took_its_place_alone(ledger: Ledger):
    """The successor keeps the id of the effect, so only the time tells the two apart."""
    tenant = await add_tenant(ledger)
    old = record(tenant)
    new = replace(old, created_at=at(10))
    async with ledger.write() as unit:
        await unit.idempotency.claim(new)
        await unit.idempotency.renew(old, at(-10))
        assert not await unit.idempotency.finish(old, 202, b"body")
        assert await unit.idempotency.claim(old) == new
        await unit.idempotency.renew(new, at(-10))
        assert await unit.idempotency.claim(old) == replace(new, renewed_at=at(-10))


async def test_a_forgotten_key_is_free_again(ledger: Ledger):
    tenant = await add_tenant(ledger)
    first = record(tenant)
    async with ledger.write() as unit:
        await unit.idempotency.claim(first)
        for _ in range(2):
            await unit.idempotency.forget(first)
        assert await unit.idempotency.claim(first) is None


async def test_of_many_claims_at_once_one_wins(ledger: Ledger):
    tenant = await add_tenant(ledger)
    base = record(tenant)
    rivals = [replace(base, request_hmac=f"request {number}") for number in range(8)]

    async def claim(rival: IdempotencyRecord) -> IdempotencyRecord | None:
        async with ledger.write() as unit:
            held = await unit.idempotency.claim(rival)
            await asyncio.sleep(0.005)
            return held

    held = await asyncio.gather(*(claim(rival) for rival in rivals))
    winner = rivals[held.index(None)]
    assert [row for row in held if row is not None] == [winner] * 7
