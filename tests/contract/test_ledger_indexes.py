"""Ledger: index builds and artefacts."""

from dataclasses import replace

import pytest

from lethe.errors import LedgerConflict
from lethe.model.ids import new_id
from lethe.model.indexes import NIL_ID, Artefact, ArtefactState, ArtefactStore, BuildKind, BuildState
from lethe.ports.ledger import Ledger
from tests.contract.ledger_rows import NOON, add_document, add_tenant, at, build


async def test_builds_are_read_back_and_listed_by_kind_and_number(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    active = build(tenant, 2)
    rows = [
        active,
        build(tenant, 1, state=BuildState.SOAKING),
        build(tenant, 3, state=BuildState.BUILDING),
        build(tenant, 1, kind=BuildKind.KEYWORD, state=BuildState.RETIRED),
        build(tenant, 4, state=BuildState.DROPPED),
    ]
    async with ledger.write() as unit:
        for row in rows:
            await unit.builds.add(row)
        await unit.builds.add(build(other, 2))
    async with ledger.read() as unit:
        assert await unit.builds.get(tenant, active.id) == active
        assert await unit.builds.get(other, active.id) is None
        assert await unit.builds.list(tenant) == [rows[3], rows[1], rows[0], rows[2]]
        assert await unit.builds.active(tenant, BuildKind.VECTOR) == active
        assert await unit.builds.active(tenant, BuildKind.KEYWORD) is None


async def test_specs_of_active_builds_are_counted_over_all_tenants(ledger: Ledger):
    tenants = [await add_tenant(ledger) for _ in range(3)]
    async with ledger.write() as unit:
        for number, tenant in enumerate(tenants):
            await unit.builds.add(replace(build(tenant), spec="one" if number else "two"))
            await unit.builds.add(replace(build(tenant, 2, state=BuildState.SOAKING), spec="old"))
            await unit.builds.add(replace(build(tenant, kind=BuildKind.KEYWORD), spec="words"))
        assert await unit.builds.active_specs(BuildKind.VECTOR) == {"one": 2, "two": 1}


async def test_state_and_seq_are_set_for_one_build(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one, two = build(tenant), build(tenant, 2, state=BuildState.SOAKING)
    async with ledger.write() as unit:
        await unit.builds.add(one)
        await unit.builds.add(two)
        await unit.builds.set_state(tenant, one.id, BuildState.RETIRED)
        await unit.builds.set_seq(tenant, one.id, 12)
        await unit.builds.set_state(other, two.id, BuildState.DROPPED)
        assert await unit.builds.get(tenant, one.id) == replace(one, state=BuildState.RETIRED, seq=12)
        assert await unit.builds.get(tenant, two.id) == two


@pytest.mark.parametrize("state", [BuildState.ACTIVE, BuildState.BUILDING])
async def test_at_most_one_active_and_one_building_per_kind(ledger: Ledger, state: BuildState):
    tenant = await add_tenant(ledger)
    first, second = build(tenant, state=state), build(tenant, 2, state=BuildState.SOAKING)
    async with ledger.write() as unit:
        await unit.builds.add(first)
        await unit.builds.add(second)
        await unit.builds.add(build(tenant, kind=BuildKind.KEYWORD, state=state))
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.builds.add(build(tenant, 3, state=state))
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.builds.set_state(tenant, second.id, state)
    async with ledger.write() as unit:
        await unit.builds.set_state(tenant, first.id, BuildState.RETIRED)
        await unit.builds.set_state(tenant, second.id, state)


async def test_a_build_number_is_used_once(ledger: Ledger):
    tenant = await add_tenant(ledger)
    async with ledger.write() as unit:
        await unit.builds.add(build(tenant, 1, state=BuildState.DROPPED))
    with pytest.raises(LedgerConflict):
        async with ledger.write() as unit:
            await unit.builds.add(build(tenant, 1))


async def test_planning_is_idempotent_and_keeps_what_is_there(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
        blob = Artefact(tenant, one.id, ArtefactStore.BLOB, NIL_ID, ArtefactState.PLANNED, NOON)
        vector = replace(blob, store=ArtefactStore.VECTOR, build_id=new_id())
        for _ in range(2):
            await unit.artefacts.plan(blob)
            await unit.artefacts.plan(vector)
        place = (tenant, one.id, ArtefactStore.VECTOR, vector.build_id)
        await unit.artefacts.set_state(*place, ArtefactState.COMMITTED)
        await unit.artefacts.set_state(other, *place[1:], ArtefactState.PLANNED)
        await unit.artefacts.plan(replace(vector, created_at=at(1)))
        committed = replace(vector, state=ArtefactState.COMMITTED)
        assert await unit.artefacts.of_version(tenant, one.id) == [blob, committed]
        assert await unit.artefacts.of_version(other, one.id) == []
        await unit.artefacts.delete(other, one.id)
        await unit.artefacts.delete(tenant, one.id)
        assert await unit.artefacts.of_version(tenant, one.id) == []


async def test_a_question_reads_the_build_that_was_served_when_it_began(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    first = build(tenant, 1, state=BuildState.SOAKING, served_from=(0,))
    second = build(tenant, 2, served_from=(5,))
    coming = build(tenant, 3, state=BuildState.BUILDING)
    gone = build(tenant, 4, state=BuildState.RETIRED, served_from=(3,))
    words = build(tenant, 1, kind=BuildKind.KEYWORD, served_from=(4,))
    async with ledger.write() as unit:
        for row in (first, second, coming, gone, words, build(other, 1, served_from=(0,))):
            await unit.builds.add(row)
        for seq, expected in {0: first, 4: first, 5: second, 9: second}.items():
            assert await unit.builds.reading(tenant, BuildKind.VECTOR, seq) == expected
        assert await unit.builds.reading(tenant, BuildKind.KEYWORD, 0) == words
        # Taken back at 7: who began between still reads the second, who began before both the first.
        await unit.builds.update(replace(second, state=BuildState.SOAKING, seq=7))
        await unit.builds.update(replace(first, state=BuildState.ACTIVE, seq=7, served_from=(0, 7)))
        for seq, number in {0: 1, 4: 1, 5: 2, 6: 2, 7: 1}.items():
            read = await unit.builds.reading(tenant, BuildKind.VECTOR, seq)
            assert read
            assert read.number == number
        # The second again at 9: who read it from 5 on still does.
        await unit.builds.update(replace(first, state=BuildState.SOAKING, seq=9, served_from=(0, 7)))
        await unit.builds.update(replace(second, state=BuildState.ACTIVE, seq=9, served_from=(5, 9)))
        for seq, number in {0: 1, 4: 1, 5: 2, 6: 2, 7: 1, 8: 1, 9: 2}.items():
            read = await unit.builds.reading(tenant, BuildKind.VECTOR, seq)
            assert read
            assert read.number == number
        assert await unit.builds.reading(new_id(), BuildKind.VECTOR, 9) is None


async def test_the_artefacts_of_a_build_are_forgotten_with_it(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    async with ledger.write() as unit:
        _, one, _ = await add_document(unit, tenant)
        kept = Artefact(tenant, one.id, ArtefactStore.VECTOR, new_id(), ArtefactState.PLANNED, NOON)
        going = replace(kept, build_id=new_id())
        await unit.artefacts.plan_many([kept, going])
        await unit.artefacts.forget_build(other, going.build_id)
        assert len(await unit.artefacts.of_version(tenant, one.id)) == 2
        await unit.artefacts.forget_build(tenant, going.build_id)
        assert await unit.artefacts.of_version(tenant, one.id) == [kept]


async def test_more_versions_than_a_statement_takes_are_marked_at_once(ledger: Ledger):
    tenant, serving = await add_tenant(ledger), new_id()
    async with ledger.write() as unit:
        parent, child, _ = await add_document(unit, tenant)
        await unit.artefacts.plan(
            Artefact(tenant, child.id, ArtefactStore.VECTOR, serving, ArtefactState.PLANNED, NOON)
        )
        assert await unit.artefacts.incomplete(tenant) == [parent.id]
        marked = [child.id, *(new_id() for _ in range(33_000))]
        await unit.artefacts.set_states(tenant, marked, ArtefactStore.VECTOR, serving, ArtefactState.COMMITTED)
        assert await unit.artefacts.committed(tenant, marked, serving) == {child.id}
        assert await unit.artefacts.incomplete(tenant) == []
