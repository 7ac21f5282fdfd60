"""Ledger: people that versions are linked to."""

import asyncio

from lethe.model.ids import Id, new_id
from lethe.ports.ledger import Ledger
from tests.contract.ledger_rows import NOON, add_document, add_tenant

BLIND = "b" * 64


async def _versions(ledger: Ledger, tenant: Id, count: int) -> list[Id]:
    async with ledger.write() as unit:
        return [(await add_document(unit, tenant))[1].id for _ in range(count)]


async def test_one_identifier_is_one_subject(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one, two = await _versions(ledger, tenant, 2)
    subject = new_id()
    async with ledger.write() as unit:
        assert await unit.subjects.by_blind(tenant, "email", BLIND) is None
        for _ in range(2):
            assert await unit.subjects.link(tenant, one, "email", BLIND, b"sealed", subject, NOON) == subject
        assert await unit.subjects.link(tenant, two, "email", BLIND, b"other", new_id(), NOON) == subject
        assert await unit.subjects.by_blind(tenant, "email", BLIND) == subject
        assert await unit.subjects.of_version(tenant, one) == [subject]
        assert await unit.subjects.of_version(tenant, two) == [subject]


async def test_what_is_shared_stays_when_the_first_goes(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one, two, three = await _versions(ledger, tenant, 3)
    async with ledger.write() as unit:
        subject = await unit.subjects.link(tenant, one, "email", BLIND, b"sealed", new_id(), NOON)
        for _ in range(2):
            await unit.subjects.share(tenant, one, [two, three])
        await unit.subjects.share(tenant, one, [])
        assert await unit.subjects.leave(tenant, [one]) == []
        await unit.subjects.unlink(tenant, one)
        for other in (two, three):
            assert await unit.subjects.of_version(tenant, other) == [subject]
        assert await unit.subjects.by_blind(tenant, "email", BLIND) == subject


async def test_kinds_and_tenants_are_apart(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    (one,), (foreign,) = await _versions(ledger, tenant, 1), await _versions(ledger, other, 1)
    async with ledger.write() as unit:
        mail = await unit.subjects.link(tenant, one, "email", BLIND, b"1", new_id(), NOON)
        name = await unit.subjects.link(tenant, one, "name", BLIND, b"2", new_id(), NOON)
        theirs = await unit.subjects.link(other, foreign, "email", BLIND, b"3", new_id(), NOON)
        assert len({mail, name, theirs}) == 3
        assert await unit.subjects.of_version(tenant, one) == sorted([mail, name])
        assert await unit.subjects.by_blind(other, "name", BLIND) is None


async def test_a_subject_goes_with_its_last_link(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one, two = await _versions(ledger, tenant, 2)
    async with ledger.write() as unit:
        shared = await unit.subjects.link(tenant, one, "email", BLIND, b"1", new_id(), NOON)
        await unit.subjects.link(tenant, two, "email", BLIND, b"1", new_id(), NOON)
        single = await unit.subjects.link(tenant, one, "name", BLIND, b"2", new_id(), NOON)
        await unit.subjects.unlink(other, one)
        assert await unit.subjects.of_version(tenant, one) == sorted([shared, single])
        for _ in range(2):
            await unit.subjects.unlink(tenant, one)
            assert await unit.subjects.by_blind(tenant, "name", BLIND) is None
            assert await unit.subjects.by_blind(tenant, "email", BLIND) == shared
        await unit.subjects.unlink(tenant, two)
        assert await unit.subjects.by_blind(tenant, "email", BLIND) is None


async def test_a_subject_that_goes_is_linked_by_nothing_new(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one, two, three, later = await _versions(ledger, tenant, 4)
    async with ledger.write() as unit:
        shared = await unit.subjects.link(tenant, one, "email", BLIND, b"1", new_id(), NOON)
        for version in (two, three):
            await unit.subjects.link(tenant, version, "email", BLIND, b"1", new_id(), NOON)
        assert await unit.subjects.leave(tenant, [one]) == []
        assert await unit.subjects.of_version(tenant, one) == []
        for _ in range(2):
            assert await unit.subjects.leave(tenant, [one, two, three]) == [shared]
        assert await unit.subjects.leave(tenant, []) == []
        another = await unit.subjects.link(tenant, later, "email", BLIND, b"2", new_id(), NOON)
        assert another != shared
        assert await unit.subjects.leave(tenant, [two, three]) == [shared]
        assert await unit.subjects.by_blind(tenant, "email", BLIND) == another


async def test_two_uploads_naming_a_new_person_at_once_meet_in_one_subject(ledger: Ledger):
    tenant = await add_tenant(ledger)
    versions = await _versions(ledger, tenant, 6)

    async def link(version_id: Id) -> Id:
        async with ledger.write() as unit:
            subject = await unit.subjects.link(tenant, version_id, "email", BLIND, b"sealed", new_id(), NOON)
            await asyncio.sleep(0.01)
            return subject

    subjects = set(await asyncio.gather(*(link(version_id) for version_id in versions)))
    async with ledger.read() as unit:
        assert {await unit.subjects.by_blind(tenant, "email", BLIND)} == subjects
        assert [await unit.subjects.of_version(tenant, version_id) for version_id in versions] == [list(subjects)] * 6
