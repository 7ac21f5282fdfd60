"""Ledger: documents, their readers, pages of them."""

from dataclasses import replace

import pytest

from lethe.errors import DocumentNotFound, LedgerConflict
from lethe.model.documents import Status
from lethe.model.ids import new_id
from lethe.ports.ledger import Ledger, PageCursor
from tests.contract.ledger_rows import add_document, add_tenant, at, document, letter


async def test_a_document_is_read_back_as_written(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one = document(tenant, source_hmac="s" * 64, live_version_id=new_id(), fenced_at=at(3), epoch=4)
    async with ledger.write() as unit:
        await unit.documents.add(one)
    async with ledger.read() as unit:
        assert await unit.documents.get(tenant, one.id) == one
        assert await unit.documents.get(other, one.id) is None
        assert await unit.documents.get(tenant, new_id()) is None


async def test_update_writes_every_column(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one = document(tenant, source_hmac="s" * 64)
    changed = replace(
        one, source_hmac="t" * 64, status=Status.READY, epoch=1, next_submission=5, live_submission=4,
        live_version_id=new_id(), updated_at=at(1), deleted_at=at(2), fenced_at=at(3),
    )  # fmt: skip
    async with ledger.write() as unit:
        await unit.documents.add(one)
        await unit.documents.update(changed)
    async with ledger.read() as unit:
        assert await unit.documents.get(tenant, one.id) == changed


async def test_updating_a_document_that_is_gone_is_told(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one = document(tenant)
    async with ledger.write() as unit:
        await unit.documents.add(one)
        for missing in (document(tenant), replace(one, tenant_id=other)):
            with pytest.raises(DocumentNotFound):
                await unit.documents.update(missing)


async def test_one_source_is_one_document_until_it_is_deleted(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    first = document(tenant, source_hmac="s" * 64)
    async with ledger.write() as unit:
        await unit.documents.add(first)
        await unit.documents.add(document(other, source_hmac="s" * 64))
        assert await unit.documents.by_source(tenant, "s" * 64) == first
        assert await unit.documents.by_source(tenant, "t" * 64) is None
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.documents.add(document(tenant, source_hmac="s" * 64))
    async with ledger.write() as unit:
        await unit.documents.update(replace(first, deleted_at=at(1)))
        assert await unit.documents.by_source(tenant, "s" * 64) is None
        again = document(tenant, source_hmac="s" * 64)
        await unit.documents.add(again)
        assert await unit.documents.by_source(tenant, "s" * 64) == again


async def test_more_ids_than_a_statement_takes_are_looked_up(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one = document(tenant)
    asked = [one.id, *(new_id() for _ in range(33_000))]
    async with ledger.write() as unit:
        await unit.documents.add(one)
    async with ledger.read() as unit:
        assert await unit.documents.get_many(tenant, asked) == {one.id: one}
        assert await unit.versions.get_many(tenant, asked) == {}
        assert not any((await unit.versions.of_documents(tenant, asked)).values())
        assert await unit.quarantines.below(tenant, asked, ["p" * 64]) == frozenset()


async def test_documents_without_a_source_are_many(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        for _ in range(2):
            await unit.documents.add(document(tenant))
        assert len(await unit.documents.page(tenant, None, None, None, 10)) == 2


async def test_readers_are_replaced_as_a_set(ledger: Ledger):
    tenant = await add_tenant(ledger)
    readers = sorted(new_id() for _ in range(3))
    async with ledger.write() as unit:
        one, *_ = await add_document(unit, tenant, readers=readers)
        two, *_ = await add_document(unit, tenant, readers=readers[:1])
        assert await unit.documents.readers(tenant, [one.id, two.id, new_id()]) == {
            one.id: tuple(readers),
            two.id: tuple(readers[:1]),
        }
        await unit.documents.set_readers(tenant, one.id, [readers[2], readers[2]])
        assert await unit.documents.readers(tenant, [one.id]) == {one.id: (readers[2],)}
        await unit.documents.set_readers(tenant, one.id, [])
        assert await unit.documents.readers(tenant, [one.id]) == {}
        assert await unit.documents.readers(tenant, []) == {}


async def test_pages_are_newest_first_and_meet_each_document_once(ledger: Ledger):
    tenant = await add_tenant(ledger)
    # Five documents of one instant: the id breaks the tie.
    rows = [document(tenant, created_at=at(number // 5)) for number in range(12)]
    async with ledger.write() as unit:
        for row in rows:
            await unit.documents.add(row)
    seen: list[str] = []
    after: PageCursor | None = None
    async with ledger.read() as unit:
        while page := await unit.documents.page(tenant, None, None, after, 5):
            seen += [row.id for row in page]
            after = PageCursor(page[-1].created_at, page[-1].id)
    assert seen == [row.id for row in sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)]


async def test_a_page_shows_what_the_caller_may_read(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    me, team = new_id(), new_id()
    async with ledger.write() as unit:
        mine, *_ = await add_document(unit, tenant, readers=[me, team])
        everyones, *_ = await add_document(unit, tenant)
        theirs, *_ = await add_document(unit, tenant, readers=[new_id()])
        await add_document(unit, tenant, readers=[me], deleted_at=at(1))
        await add_document(unit, other, readers=[me])
    async with ledger.read() as unit:
        page = await unit.documents.page(tenant, frozenset({me, team, tenant}), None, None, 10)
        assert {row.id for row in page} == {mine.id, everyones.id}
        assert len(page) == 2
        assert await unit.documents.page(tenant, frozenset({new_id()}), None, None, 10) == []
        assert await unit.documents.page(tenant, frozenset(), None, None, 10) == []
        everything = await unit.documents.page(tenant, None, None, None, 10)
        assert {row.id for row in everything} == {mine.id, everyones.id, theirs.id}


async def test_a_page_of_one_status(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        failed, *_ = await add_document(unit, tenant, status=Status.FAILED)
        await add_document(unit, tenant, status=Status.READY)
        assert await unit.documents.page(tenant, None, Status.FAILED, None, 10) == [failed]


async def test_a_document_goes_with_its_readers_and_letters_once_its_versions_are_gone(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        one, version, _ = await add_document(unit, tenant)
        await unit.dead_letters.record(letter(version))
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.documents.delete(tenant, one.id)
    async with ledger.write() as unit:
        await unit.versions.delete(tenant, version.id)
        await unit.documents.delete(tenant, one.id)
        assert await unit.documents.get(tenant, one.id) is None
        assert await unit.documents.readers(tenant, [one.id]) == {}
        assert await unit.dead_letters.of_version(tenant, version.id) == []
