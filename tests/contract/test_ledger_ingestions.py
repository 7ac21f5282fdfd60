"""Ledger: bulk ingestions, their positions and counts, what they refused."""

from dataclasses import replace

import pytest

from lethe.errors import IngestionNotFound
from lethe.model.documents import Replaced, Status
from lethe.model.ids import Id, new_id
from lethe.model.ingestions import Ingestion, IngestionState, Refusal
from lethe.model.principals import Role
from lethe.ports.ledger import Ledger, PageCursor
from tests.contract.ledger_rows import add_tenant, at, document, version


def ingestion(tenant_id: Id, minutes: float = 0) -> Ingestion:
    return Ingestion(
        tenant_id=tenant_id,
        id=new_id(),
        principal_id=new_id(),
        role=Role.WRITER,
        groups=(new_id(),),
        state=IngestionState.RUNNING,
        batch_window=4,
        created_at=at(minutes),
        updated_at=at(minutes),
    )


async def test_positions_and_counts_only_rise(ledger: Ledger) -> None:
    tenant = await add_tenant(ledger)
    row = ingestion(tenant)
    async with ledger.write() as unit:
        await unit.ingestions.add(row)
        assert [await unit.ingestions.give(tenant, row.id) for _ in range(3)] == [1, 2, 3]
        await unit.ingestions.count(tenant, row.id, added=2, updated=1)
        await unit.ingestions.count(tenant, row.id, skipped=4, entry=9)
        await unit.ingestions.count(tenant, row.id)
        with pytest.raises(IngestionNotFound):
            await unit.ingestions.give(tenant, new_id())
    async with ledger.read() as unit:
        found = await unit.ingestions.get(tenant, row.id)
    assert found is not None
    assert found == replace(row, given=3, added=2, updated=1, skipped=4, unpacked=9)
    assert found.caller.groups == frozenset(row.groups)


async def test_a_final_state_stays_and_a_close_is_the_first(ledger: Ledger) -> None:
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    row = ingestion(tenant)
    async with ledger.write() as unit:
        await unit.ingestions.add(row)
        await unit.ingestions.set_window(tenant, row.id, 7, at(1))
        await unit.ingestions.close(tenant, row.id, at(2))
        await unit.ingestions.close(tenant, row.id, at(3))
        await unit.ingestions.set_archive(tenant, row.id, "a/b", "digest")
        named = await unit.ingestions.get(tenant, row.id)
        assert named
        assert (named.archive_key, named.archive_hmac) == ("a/b", "digest")
        await unit.ingestions.forget_archive(tenant, row.id)
        await unit.ingestions.set_state(tenant, row.id, IngestionState.PAUSED, at(4))
        await unit.ingestions.set_state(tenant, row.id, IngestionState.CANCELLED, at(5))
        await unit.ingestions.set_state(tenant, row.id, IngestionState.DONE, at(6))
        await unit.ingestions.set_state(other, row.id, IngestionState.RUNNING, at(7))
        found = await unit.ingestions.get(tenant, row.id)
        assert await unit.ingestions.get(other, row.id) is None
    assert found == replace(
        row, state=IngestionState.CANCELLED, batch_window=7, closed_at=at(2), updated_at=at(5), ended_at=at(5),
        archive_hmac="digest",
    )  # fmt: skip


async def test_the_list_is_newest_first(ledger: Ledger) -> None:
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    rows = [ingestion(tenant, minute) for minute in range(3)]
    async with ledger.write() as unit:
        for row in (*rows, ingestion(other)):
            await unit.ingestions.add(row)
        first = await unit.ingestions.page(tenant, None, 2)
        assert first == [rows[2], rows[1]]
        assert await unit.ingestions.page(tenant, PageCursor(rows[1].created_at, rows[1].id), 2) == [rows[0]]
        assert await unit.ingestions.page(tenant, None, 2, rows[0].principal_id) == [rows[0]]


async def test_what_was_refused_is_forgotten_in_time(ledger: Ledger) -> None:
    tenant = await add_tenant(ledger)
    row, running = ingestion(tenant), ingestion(tenant)
    refusals = [Refusal(tenant, row.id, new_id(), "empty_document", b"name", at(-n)) for n in range(3)]
    async with ledger.write() as unit:
        for each in (row, running):
            await unit.ingestions.add(replace(each, sealed_options=b"said", archive_hmac="digest"))
        for number, refusal in enumerate(refusals, start=1):
            await unit.ingestions.refuse(refusal, entry=number)
        await unit.ingestions.refuse(refusals[0])
        mended = Refusal(tenant, row.id, new_id(), "no_text", b"name", at(-9))
        await unit.ingestions.refuse(mended)
        await unit.ingestions.withdraw(tenant, running.id, mended.id)
        for _ in range(2):
            await unit.ingestions.withdraw(tenant, row.id, mended.id)
        assert await unit.ingestions.refusals(tenant, row.id, None, 2) == refusals[:2]
        behind = PageCursor(refusals[1].created_at, refusals[1].id)
        assert await unit.ingestions.refusals(tenant, row.id, behind, 2) == refusals[2:]
        await unit.ingestions.set_state(tenant, row.id, IngestionState.DONE, at(1))
        assert [each.id for each in await unit.ingestions.ended_before(at(2), 5) if each.tenant_id == tenant] == [
            row.id
        ]
        await unit.ingestions.forget_sealed(tenant, row.id)
        assert [each for each in await unit.ingestions.ended_before(at(2), 5) if each.tenant_id == tenant] == []
        assert await unit.ingestions.refusals(tenant, row.id, None, 2) == []
        found = await unit.ingestions.get(tenant, row.id)
    assert found is not None
    assert (found.refused, found.unpacked, found.sealed_options, found.archive_hmac) == (3, 3, b"", "")


async def test_versions_of_an_ingestion_come_by_position(ledger: Ledger) -> None:
    tenant = await add_tenant(ledger)
    mine, parent = new_id(), document(tenant)
    made = [
        version(parent, submission=n, status=status, ingestion_id=mine, position=position)
        for n, (status, position) in enumerate(
            [(Status.PENDING, 2), (Status.PENDING, 1), (Status.FAILED, 3), (Status.RECEIVING, None)], start=1
        )
    ]
    left = version(parent, submission=8, status=Status.RECEIVING, ingestion_id=mine, archive_entry=4)
    stranger = version(parent, submission=9, status=Status.PENDING)
    async with ledger.write() as unit:
        await unit.documents.add(parent)
        for each in (*made, left, stranger):
            await unit.versions.add(each)
        pending = await unit.versions.of_ingestion(tenant, mine, {Status.PENDING}, 0, 9)
        assert pending == [made[1], made[0]]
        assert await unit.versions.of_ingestion(tenant, mine, {Status.PENDING, Status.FAILED}, 1, 1) == [made[0]]
        assert await unit.versions.left_by_archive(tenant, mine) == [left.id]
        assert await unit.versions.counts_of_ingestion(tenant, mine) == {Status.PENDING: 2, Status.FAILED: 1}


async def test_replaced_versions_are_found_until_they_are_removed(ledger: Ledger) -> None:
    tenant = await add_tenant(ledger)
    parent = document(tenant)
    old = [version(parent, submission=n, live_from=n, live_until=n + 1, updated_at=at(n)) for n in (2, 1, 5)]
    live = version(parent, submission=9, live_from=9)
    async with ledger.write() as unit:
        await unit.documents.add(parent)
        for each in (*old, live):
            await unit.versions.add(each)
        second, first, third = (Replaced(each.updated_at, each.id) for each in old)
        assert await unit.versions.replaced_before(tenant, at(2), 9) == [first, second]
        assert await unit.versions.replaced_before(tenant, at(9), 1) == [first]
        assert await unit.versions.replaced_before(tenant, at(9), 9, first) == [second, third]
        assert await unit.versions.replaced_before(tenant, at(9), 9, third) == []
