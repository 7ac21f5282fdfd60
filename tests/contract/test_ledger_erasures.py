"""Ledger: erasure requests, their manifests, and suppressions."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from lethe.errors import ErasureNotFound, IllegalErasureMove
from lethe.model.erasures import (
    ErasureBasis,
    ErasureIdentifier,
    ErasureItem,
    ErasureMethod,
    ErasureRequest,
    ErasureState,
    ErasureStore,
    IdentifierKind,
    ItemState,
    PurgeState,
    check_move,
)
from lethe.model.ids import Id, new_id
from lethe.ports.ledger import Ledger, PageCursor
from tests.contract.ledger_rows import NOON, add_document, add_tenant, at


def request(tenant_id: Id, **fields: Any) -> ErasureRequest:
    base = ErasureRequest(
        tenant_id=tenant_id,
        id=new_id(),
        state=ErasureState.RECEIVED,
        basis=ErasureBasis.SUBJECT_REQUEST,
        reason="asked",
        document_ids=(),
        prefix_hmacs=(),
        requested_by=new_id(),
        created_at=NOON,
        updated_at=NOON,
        deadline_at=at(30 * 24 * 60),
    )
    return replace(base, **fields)


def identifier(of: ErasureRequest, blind: str = "b", **fields: Any) -> ErasureIdentifier:
    base = ErasureIdentifier(of.tenant_id, of.id, IdentifierKind.EMAIL, blind, "t" * 32, b"sealed")
    return replace(base, **fields)


def item(of: ErasureRequest, ref: str, **fields: Any) -> ErasureItem:
    base = ErasureItem(of.tenant_id, of.id, "chunks", "chunk", ref, ItemState.PLANNED, "lineage", 1, NOON)
    return replace(base, **fields)


async def test_a_request_is_kept_whole(ledger: Ledger):
    tenant = await add_tenant(ledger)
    asked = request(tenant, document_ids=(new_id(), new_id()), prefix_hmacs=("p" * 64,), needs_approval=True)
    async with ledger.write() as unit:
        await unit.erasures.add(asked, [identifier(asked, "1"), identifier(asked, "2"), identifier(asked, "1")])
        assert await unit.erasures.get(tenant, asked.id) == asked
        assert await unit.erasures.get(new_id(), asked.id) is None
        assert [each.blind for each in await unit.erasures.identifiers(tenant, asked.id)] == ["1", "2"]
        held = replace(asked, state=ErasureState.HELD, held_from=ErasureState.RECEIVED, approved_by=new_id())
        await unit.erasures.update(held)
        assert await unit.erasures.get(tenant, asked.id) == held
        with pytest.raises(ErasureNotFound):
            await unit.erasures.update(request(tenant))


async def test_requests_are_listed_newest_first(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    asked = [request(tenant, created_at=at(minute)) for minute in range(3)]
    asked[0] = replace(asked[0], state=ErasureState.CERTIFIED, ended_at=at(9))
    async with ledger.write() as unit:
        for each in [*asked, request(other)]:
            await unit.erasures.add(each, [])
        assert await unit.erasures.page(tenant, (), None, 9) == asked[::-1]
        after = PageCursor(asked[2].created_at, asked[2].id)
        assert await unit.erasures.page(tenant, (), after, 1) == [asked[1]]
        assert await unit.erasures.page(tenant, [ErasureState.CERTIFIED], None, 9) == [asked[0]]
        assert await unit.erasures.unfinished(tenant) == asked[1:]


async def test_only_a_standing_fence_gives_its_identifiers(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        for owner, fenced, ended in ((tenant, None, None), (tenant, NOON, at(1)), (other, NOON, None)):
            asked = request(owner, fenced_at=fenced, ended_at=ended)
            await unit.erasures.add(asked, [identifier(asked)])
        assert await unit.erasures.fenced_identifiers(tenant) == []
        standing = request(tenant, fenced_at=NOON, state=ErasureState.HELD)
        await unit.erasures.add(standing, [identifier(standing)])
        assert await unit.erasures.fenced_identifiers(tenant) == [identifier(standing)]


async def test_the_manifest_goes_and_the_counts_stay(ledger: Ledger):
    tenant = await add_tenant(ledger)
    asked = request(tenant)
    report = ErasureStore(
        tenant, asked.id, "chunks", 2, 2, 0, 0, ErasureMethod.DELETED, PurgeState.PENDING, None, 1, NOON
    )
    async with ledger.write() as unit:
        await unit.erasures.add(asked, [identifier(asked)])
        await unit.erasures.set_subjects(tenant, asked.id, ["0" * 8 + new_id()[8:], new_id()])
        await unit.erasures.put_items([])
        await unit.erasures.put_items([item(asked, "a"), item(asked, "b"), item(asked, "c", store="blobs")])
        await unit.erasures.put_items([item(asked, "b", state=ItemState.ERASED, round=2)])
        listed = await unit.erasures.items(tenant, asked.id)
        assert [(each.store, each.ref, each.round) for each in listed] == [
            ("blobs", "c", 1),
            ("chunks", "a", 1),
            ("chunks", "b", 2),
        ]
        planned = await unit.erasures.items(tenant, asked.id, store="chunks", states=[ItemState.PLANNED])
        assert [each.ref for each in planned] == ["a"]
        after = ("blobs", "chunk", "c")
        assert [each.ref for each in await unit.erasures.items(tenant, asked.id, after=after, limit=1)] == ["a"]
        assert await unit.erasures.count_items(tenant, asked.id) == {
            ("blobs", ItemState.PLANNED): 1,
            ("chunks", ItemState.PLANNED): 1,
            ("chunks", ItemState.ERASED): 1,
        }
        await unit.erasures.put_stores([])
        await unit.erasures.put_stores([replace(report, remaining=2, round=0)])
        await unit.erasures.put_stores([report])
        for _ in range(2):
            await unit.erasures.forget(tenant, asked.id)
            assert await unit.erasures.identifiers(tenant, asked.id) == []
            assert await unit.erasures.subjects(tenant, asked.id) == []
            assert await unit.erasures.items(tenant, asked.id) == []
            assert await unit.erasures.stores(tenant, asked.id) == [report]
            assert await unit.erasures.get(tenant, asked.id) == asked


async def test_tags_that_are_kept_are_nobodys_to_take_back(ledger: Ledger):
    """Whoever of the tenant put them: the request that is cancelled later lifts only what is still its own."""
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one, two, foreign = request(tenant), request(tenant), request(other)
    async with ledger.write() as unit:
        for each in (one, two, foreign):
            named = [identifier(each, blind, tag=tag * 32) for blind, tag in (("b1", "1"), ("b2", "2"))]
            await unit.erasures.add(each, named)
            await unit.erasures.set_tagged(each.tenant_id, each.id, ["1" * 32, "2" * 32], at(1))
        for kept in ([], ["1" * 32, "9" * 32], ["1" * 32]):
            await unit.erasures.keep_tags(tenant, kept)
        for each in (one, two):
            tagged = {named.tag[0]: named.tagged_at for named in await unit.erasures.identifiers(tenant, each.id)}
            assert tagged == {"1": None, "2": at(1)}
        assert {named.tagged_at for named in await unit.erasures.identifiers(other, foreign.id)} == {at(1)}


async def test_what_is_held_is_found_by_why_and_by_what(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one, two, foreign = request(tenant), request(tenant), request(other)
    a, b, c = sorted(new_id() for _ in range(3))
    held = [item(one, ref, state=ItemState.HELD, code="restricted") for ref in (a, b)]
    async with ledger.write() as unit:
        for each in (one, two, foreign):
            await unit.erasures.add(each, [])
        await unit.erasures.put_items([*held, item(one, c, state=ItemState.HELD, code="shared_document")])
        await unit.erasures.put_items([item(two, a, code="restricted"), item(two, c, state=ItemState.HELD, code="x")])
        await unit.erasures.put_items([item(foreign, a, state=ItemState.HELD, code="restricted")])
        found = await unit.erasures.held(tenant, one.id, "restricted")
        assert sorted(found, key=lambda each: each.ref) == held
        assert await unit.erasures.held(tenant, two.id, "restricted") == [], "planned is not held"
        assert await unit.erasures.held(tenant, foreign.id, "restricted") == []
        assert await unit.erasures.holding(tenant, "restricted", [a, c]) == [one.id]
        assert await unit.erasures.holding(tenant, "x", [a, b]) == []
        assert await unit.erasures.holding(tenant, "x", [c]) == [two.id]
        assert await unit.erasures.holding(other, "restricted", [a, b]) == [foreign.id]
        assert await unit.erasures.holding(tenant, "restricted", []) == []
        await unit.erasures.put_items([replace(held[0], state=ItemState.ERASED)])
        assert await unit.erasures.held(tenant, one.id, "restricted") == held[1:]
        assert await unit.erasures.holding(tenant, "restricted", [a]) == []


async def test_of_references_those_are_told_that_a_manifest_names_as_documents_or_versions(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one, two = request(tenant), request(tenant)
    a, b, c, d = (new_id() for _ in range(4))
    async with ledger.write() as unit:
        for each in (one, two):
            await unit.erasures.add(each, [])
        named = [item(one, a, store="documents", kind="document"), item(one, b, store="documents", kind="version")]
        await unit.erasures.put_items([*named, item(one, c), item(two, d, store="documents", kind="version")])
        assert await unit.erasures.naming(tenant, [one.id], [a, b, c, d]) == {a, b}
        assert await unit.erasures.naming(tenant, [one.id, two.id], [b, d]) == {b, d}
        assert await unit.erasures.naming(tenant, [], [a]) == frozenset()
        assert await unit.erasures.naming(new_id(), [one.id], [a]) == frozenset()


async def test_tags_are_found_and_lifted_in_their_tenant(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one, two = "1" * 32, "2" * 32
    async with ledger.write() as unit:
        for _ in range(2):
            await unit.suppressions.put(tenant, [one, two], date(2026, 11, 21))
        assert await unit.suppressions.all(tenant) == {one, two}
        assert await unit.suppressions.found(tenant, [one, "3" * 32]) == {one}
        assert await unit.suppressions.all(other) == frozenset()
        assert await unit.suppressions.lift(other, [one]) == 0
        assert await unit.suppressions.lift(tenant, [one]) == 1
        assert await unit.suppressions.all(tenant) == {two}


async def test_documents_of_a_person_say_whether_nobody_else_is_in_them(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        (alone, one, _), (shared, two, _), (foreign, three, _) = [await add_document(unit, tenant) for _ in range(3)]
        person = await unit.subjects.link(tenant, one.id, "email", "1" * 64, b"1", new_id(), NOON)
        again = await unit.subjects.link(tenant, one.id, "name", "2" * 64, b"2", new_id(), NOON)
        await unit.subjects.link(tenant, two.id, "email", "1" * 64, b"1", new_id(), NOON)
        for version_id in (two.id, three.id):
            await unit.subjects.link(tenant, version_id, "email", "9" * 64, b"9", new_id(), NOON)
        found = await unit.subjects.by_blinds(tenant, [("email", "1" * 64), ("name", "2" * 64), ("name", "9" * 64)])
        assert found == {person, again}
        assert await unit.subjects.by_blinds(tenant, []) == frozenset()
        assert await unit.subjects.versions_of(tenant, found) == sorted([one.id, two.id])
        assert await unit.subjects.documents_of(tenant, found) == {alone.id: True, shared.id: False}
        assert foreign.id not in await unit.subjects.documents_of(tenant, [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ErasureState.ERASING, ErasureState.CANCELLED),
        (ErasureState.CANCELLED, ErasureState.RECEIVED),
        (ErasureState.CERTIFIED, ErasureState.ERASING),
        (ErasureState.RECEIVED, ErasureState.ERASING),
        (ErasureState.AWAITING_APPROVAL, ErasureState.ERASING),
    ],
)
def test_an_illegal_move_is_refused(before: ErasureState, after: ErasureState):
    check_move(before, before)
    with pytest.raises(IllegalErasureMove):
        check_move(before, after)
