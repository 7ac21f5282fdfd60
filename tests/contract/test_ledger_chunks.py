"""Ledger: chunks and the embedding cache."""

from dataclasses import replace

import pytest

from lethe.errors import LedgerConflict
from lethe.model.documents import Status
from lethe.model.ids import new_id
from lethe.ports.ledger import Ledger
from tests.contract.ledger_rows import add_document, add_tenant, at, chunks, vectors, version


async def test_chunks_are_read_back_in_order_and_by_range(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
        texts = chunks(one, 7)
        await unit.chunks.replace(tenant, one.id, texts[::-1])
    async with ledger.read() as unit:
        assert await unit.chunks.of_version(tenant, one.id) == texts
        assert await unit.chunks.of_version(tenant, one.id, 2, 5) == texts[2:5]
        assert await unit.chunks.of_version(tenant, one.id, 5) == texts[5:]
        assert await unit.chunks.of_version(other, one.id) == []
        assert await unit.chunks.get(tenant, texts[3].id) == texts[3]
        assert await unit.chunks.get(other, texts[3].id) is None
        assert await unit.chunks.count(tenant, one.id) == 7
        assert await unit.chunks.count(other, one.id) == 0


async def test_replacing_leaves_exactly_the_new_ones(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant, count=5)
        _, two, others = await add_document(unit, tenant, count=2)
        fewer = [replace(text, tokens=99) for text in chunks(one, 3)]
        for _ in range(2):
            await unit.chunks.replace(tenant, one.id, fewer)
        assert await unit.chunks.of_version(tenant, one.id) == fewer
        await unit.chunks.replace(tenant, one.id, [])
        assert await unit.chunks.of_version(tenant, one.id) == []
        assert await unit.chunks.of_version(tenant, two.id) == others


async def test_deleting_tells_how_many_and_takes_the_vectors(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, texts = await add_document(unit, tenant, count=4)
        await unit.chunks.put_vectors(vectors(texts))
        assert await unit.chunks.delete(other, one.id) == 0
        assert await unit.chunks.delete(tenant, one.id) == 4
        assert await unit.chunks.delete(tenant, one.id) == 0
        assert await unit.chunks.vectors(tenant, one.id, "spec") == {}


async def test_vectors_are_read_back_by_chunk_and_range(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, texts = await add_document(unit, tenant, count=5)
        ours = vectors(texts)
        await unit.chunks.put_vectors(ours)
        await unit.chunks.put_vectors(vectors(texts[:1], spec="another"))
        await unit.chunks.put_vectors([])
    async with ledger.read() as unit:
        assert await unit.chunks.vectors(tenant, one.id, "spec") == {vector.chunk_id: vector for vector in ours}
        some = await unit.chunks.vectors(tenant, one.id, "spec", 1, 3)
        assert some == {vector.chunk_id: vector for vector in ours[1:3]}
        assert len(await unit.chunks.vectors(tenant, one.id, "another")) == 1
        assert await unit.chunks.vectors(other, one.id, "spec") == {}


async def test_a_vector_put_again_replaces_the_one_before(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, texts = await add_document(unit, tenant, count=2)
        await unit.chunks.put_vectors(vectors(texts, sealed=b"first"))
        await unit.chunks.put_vectors(vectors(texts, sealed=b"second"))
        found = await unit.chunks.vectors(tenant, one.id, "spec")
        assert {vector.sealed_vector for vector in found.values()} == {b"second"}


async def test_a_vector_needs_its_chunk(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.chunks.put_vectors(vectors(chunks(one, 1)))


async def test_a_known_text_has_a_known_vector_once(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        for owner in (tenant, tenant, other):
            _, one, _ = await add_document(unit, owner)
            texts = chunks(one, 3, same_text=True)
            await unit.chunks.replace(owner, one.id, texts)
            await unit.chunks.put_vectors(vectors(texts))
    async with ledger.read() as unit:
        known = await unit.chunks.known_vectors(tenant, "spec", ["same", "never seen"])
        assert list(known) == ["same"]
        assert (known["same"].tenant_id, known["same"].spec) == (tenant, "spec")
        assert await unit.chunks.known_vectors(tenant, "another", ["same"]) == {}
        assert await unit.chunks.known_vectors(tenant, "spec", []) == {}


async def test_a_vector_of_content_on_its_way_out_is_not_known(ledger: Ledger):
    """Its key may be destroyed any moment: it could not be opened."""
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, one, texts = await add_document(unit, tenant, count=1, live_from=None)
        await unit.chunks.put_vectors(vectors(texts))

        async def known() -> bool:
            return bool(await unit.chunks.known_vectors(tenant, "spec", [texts[0].text_hmac]))

        assert await known()
        await unit.versions.update(replace(one, live_from=1, live_until=2))
        assert not await known()
        await unit.versions.update(replace(one, status=Status.DELETING))
        assert not await known()
        await unit.versions.update(one)
        for hidden in (replace(parent, deleted_at=at(1)), replace(parent, fenced_at=at(1))):
            await unit.documents.update(hidden)
            assert not await known()


async def test_chunks_need_their_version(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, _, _ = await add_document(unit, tenant)
    stray = version(parent, id=new_id())
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.chunks.replace(tenant, stray.id, chunks(stray, 1))
