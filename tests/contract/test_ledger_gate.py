"""Ledger: the gate (P6). A chunk passes if its rows say live at the question's seq, and, now, served and readable."""

from dataclasses import replace
from typing import Any

import pytest

from lethe.model.documents import Chunk, Status
from lethe.model.ids import Id, new_id
from lethe.ports.ledger import GateRow, Ledger
from tests.contract.ledger_rows import add_document, add_tenant, at, chunks, version


async def _passes(
    ledger: Ledger, tenant: Id, of: list[Chunk], seq: int = 5, readers: frozenset[Id] | None = None
) -> bool:
    """Whether all pass (True) or none (False)."""
    wanted = [chunk.id for chunk in of]
    async with ledger.read() as unit:
        passed = await unit.chunks.gate(tenant, wanted, seq, readers or frozenset({tenant}))
    assert set(passed) in (set(), set(wanted))
    return bool(passed)


async def test_what_passes_comes_with_its_chunk_and_version(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, texts = await add_document(unit, tenant, count=3)
        _, two, more = await add_document(unit, tenant, count=2)
    async with ledger.read() as unit:
        wanted = [texts[2].id, more[0].id, texts[0].id, new_id()]
        passed = await unit.chunks.gate(tenant, wanted, 1, frozenset({tenant}))
    assert passed == {
        texts[0].id: GateRow(texts[0], one),
        texts[2].id: GateRow(texts[2], one),
        more[0].id: GateRow(more[0], two),
    }


@pytest.mark.parametrize(
    ("live_from", "live_until", "passes"),
    [
        *((None, None, False), (4, None, True), (5, None, True), (6, None, False)),
        *((4, 5, False), (4, 6, True), (5, 6, True), (1, 4, False)),
    ],
)
async def test_live_is_a_half_open_window(ledger: Ledger, live_from: int | None, live_until: int | None, passes: bool):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        *_, texts = await add_document(unit, tenant, count=2, live_from=live_from, live_until=live_until)
    assert await _passes(ledger, tenant, texts, seq=5) is passes


async def test_at_every_seq_exactly_one_version_passes(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, first, old = await add_document(unit, tenant, count=1, live_from=2, live_until=4)
        second = version(parent, submission=2, live_from=4)
        await unit.versions.add(second)
        new = chunks(second, 1)
        await unit.chunks.replace(tenant, second.id, new)
    ids = [old[0].id, new[0].id]
    async with ledger.read() as unit:
        for seq, live in {1: set[Id](), 2: {first.id}, 3: {first.id}, 4: {second.id}, 99: {second.id}}.items():
            passed = await unit.chunks.gate(tenant, ids, seq, frozenset({tenant}))
            assert {row.version.id for row in passed.values()} == live


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        ({"deleted_at": at(1)}, False),
        ({"fenced_at": at(1)}, False),
        ({"status": Status.QUARANTINED}, False),
        # A newer upload on its way, or one that failed, takes nothing from the live version.
        ({"status": Status.PARSING}, True),
        ({"status": Status.FAILED}, True),
    ],
)
async def test_the_document_counts_as_it_is_now(ledger: Ledger, fields: dict[str, Any], passes: bool):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        parent, _, texts = await add_document(unit, tenant, count=2)
    assert await _passes(ledger, tenant, texts)
    async with ledger.write() as unit:
        await unit.documents.update(replace(parent, **fields))
    assert await _passes(ledger, tenant, texts) is passes


async def test_a_quarantined_version_does_not_pass(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, texts = await add_document(unit, tenant, count=1)
        await unit.versions.update(replace(one, status=Status.QUARANTINED))
    assert not await _passes(ledger, tenant, texts)


async def test_one_reader_in_common_is_enough_and_none_is_not(ledger: Ledger):
    tenant = await add_tenant(ledger)
    me, team, stranger = new_id(), new_id(), new_id()
    async with ledger.write() as unit:
        parent, _, texts = await add_document(unit, tenant, count=2, readers=[me, team])
    assert await _passes(ledger, tenant, texts, readers=frozenset({team, new_id()}))
    assert await _passes(ledger, tenant, texts, readers=frozenset({me, team}))
    assert not await _passes(ledger, tenant, texts, readers=frozenset({tenant, stranger}))
    async with ledger.write() as unit:
        await unit.documents.set_readers(tenant, parent.id, [stranger])
    assert not await _passes(ledger, tenant, texts, readers=frozenset({me, team}))
    assert await _passes(ledger, tenant, texts, readers=frozenset({stranger}))


async def test_readers_of_the_version_are_not_asked(ledger: Ledger):
    """A version remembers the readers it was uploaded with; who may read now stands beside the document."""
    tenant, me = await add_tenant(ledger), new_id()
    async with ledger.write() as unit:
        _, one, texts = await add_document(unit, tenant, count=1, readers=[new_id()])
        await unit.versions.update(replace(one, readers=(me,)))
    assert not await _passes(ledger, tenant, texts, readers=frozenset({me}))


async def test_nobody_reads_nothing(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        *_, texts = await add_document(unit, tenant, count=1)
    async with ledger.read() as unit:
        assert await unit.chunks.gate(tenant, [texts[0].id], 1, frozenset()) == {}
        assert await unit.chunks.gate(tenant, [], 1, frozenset({tenant})) == {}


async def test_a_foreign_tenant_passes_nothing_even_with_our_readers(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        *_, texts = await add_document(unit, tenant, count=2)
    assert not await _passes(ledger, other, texts, readers=frozenset({tenant, other}))


async def test_the_largest_page_of_the_search_loop_passes_at_once(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        *_, texts = await add_document(unit, tenant, count=800)
    readers = frozenset(new_id() for _ in range(200)) | {tenant}
    assert await _passes(ledger, tenant, texts, readers=readers)
