"""Ledger: versions."""

from dataclasses import replace

import pytest

from lethe.errors import DocumentNotFound, LedgerConflict
from lethe.model.documents import Status, Version
from lethe.model.ids import new_id
from lethe.model.indexes import NIL_ID, Artefact, ArtefactState, ArtefactStore
from lethe.ports.ledger import Ledger
from tests.contract.ledger_rows import NOON, add_document, add_tenant, at, document, vectors, version


async def test_a_version_is_read_back_as_written(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    parent = document(tenant)
    one = version(
        parent, readers=(new_id(), new_id()), sealed_title=bytes(range(256)), filename_suffix=".pdf", size_bytes=2**40,
        content_hmac="a", content_fp="b", meta_fp="c", chunk_count=7, live_from=3, live_until=9,
    )  # fmt: skip
    async with ledger.write() as unit:
        await unit.documents.add(parent)
        await unit.versions.add(one)
    async with ledger.read() as unit:
        assert await unit.versions.get(tenant, one.id) == one
        assert await unit.versions.get(other, one.id) is None
        assert await unit.versions.get_many(tenant, [one.id, new_id()]) == {one.id: one}
        assert await unit.versions.get_many(other, [one.id]) == {}
        assert await unit.versions.get_many(tenant, []) == {}


async def test_update_writes_every_column_or_tells_that_the_version_is_gone(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, one, _ = await add_document(unit, tenant)
        changed = replace(version(parent), id=one.id, submission=2, status=Status.FAILED, live_from=1, live_until=2)
        await unit.versions.update(changed)
        assert await unit.versions.get(tenant, one.id) == changed
        with pytest.raises(DocumentNotFound):
            await unit.versions.update(version(parent))


async def test_a_version_needs_its_document_and_tenant(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, *_ = await add_document(unit, tenant)
    for stray in (version(document(tenant)), version(replace(parent, tenant_id=other))):
        with pytest.raises(LedgerConflict):
            async with ledger.write() as unit:
                await unit.versions.add(stray)


async def test_versions_of_a_document_come_oldest_submission_first(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, first, _ = await add_document(unit, tenant)
        other, only, _ = await add_document(unit, tenant)
        third = version(parent, submission=3)
        second = version(parent, submission=2, created_at=at(9))
        for later in (third, second):
            await unit.versions.add(later)
        assert await unit.versions.of_document(tenant, parent.id) == [first, second, third]
        newest = await unit.versions.newest_of(tenant, [parent.id, other.id, new_id()])
        assert newest == {parent.id: third, other.id: only}


async def test_a_document_never_has_two_versions_without_an_end(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, first, _ = await add_document(unit, tenant, live_from=1)
        second = version(parent, submission=2)
        await unit.versions.add(second)
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.versions.update(replace(second, live_from=2))
    async with ledger.write() as unit:
        await unit.versions.update(replace(first, live_until=2))
        await unit.versions.update(replace(second, live_from=2))


async def test_two_versions_cannot_be_one_submission(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, _, _ = await add_document(unit, tenant)
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.versions.add(version(parent, submission=1))


async def test_stale_uploads_are_found_in_every_tenant(ledger: Ledger):
    one, two = await add_tenant(ledger), await add_tenant(ledger)
    rows = [
        (one, 1, Status.RECEIVING),
        (two, 2, Status.RECEIVING),
        (one, 3, Status.PENDING),
        (two, 4, Status.RECEIVING),
    ]
    uploads: list[Version] = []
    async with ledger.write() as unit:
        for tenant, minute, status in rows:
            parent = document(tenant)
            await unit.documents.add(parent)
            uploads.append(version(parent, status=status, created_at=at(minute)))
            await unit.versions.add(uploads[-1])
        assert await unit.versions.stale_receiving(at(4), 10) == uploads[:2]
        assert await unit.versions.stale_receiving(at(4), 1) == uploads[:1]
        assert await unit.versions.stale_receiving(NOON, 10) == []


async def test_a_version_takes_its_chunks_and_vectors_along(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, texts = await add_document(unit, tenant, count=3)
        await unit.chunks.put_vectors(vectors(texts))
    async with ledger.write() as unit:
        await unit.versions.delete(tenant, one.id)
        assert await unit.versions.get(tenant, one.id) is None
        assert await unit.chunks.count(tenant, one.id) == 0
        assert await unit.chunks.known_vectors(tenant, "spec", [text.text_hmac for text in texts]) == {}


async def test_a_version_cannot_go_while_rows_say_where_its_bytes_are(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
        artefact = Artefact(tenant, one.id, ArtefactStore.BLOB, NIL_ID, ArtefactState.PLANNED, NOON)
        await unit.artefacts.plan(artefact)
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.versions.delete(tenant, one.id)
    async with ledger.write() as unit:
        await unit.artefacts.delete(tenant, one.id)
        await unit.versions.delete(tenant, one.id)


async def test_a_version_cannot_go_while_it_is_linked_to_a_person(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
        await unit.subjects.link(tenant, one.id, "email", "b" * 64, b"sealed", new_id(), NOON)
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.versions.delete(tenant, one.id)


async def test_changes_come_in_the_order_of_their_commits(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        made = [(await add_document(unit, tenant, changed_seq=seq))[1] for seq in (3, 1, 2, 2)]
        await add_document(unit, tenant, changed_seq=9, live_from=None)
        await add_document(unit, other, changed_seq=4)
        ordered = sorted(made, key=lambda each: (each.changed_seq, each.id))
        assert await unit.versions.changed_after(tenant, 0, 10) == ordered
        assert await unit.versions.changed_after(tenant, 1, 2) == ordered[1:3]
        assert await unit.versions.changed_after(tenant, 3, 10) == []
        await unit.versions.update(replace(made[1], live_until=4, changed_seq=4))
        assert [each.id for each in await unit.versions.changed_after(tenant, 2, 10)] == [made[0].id, made[1].id]
