"""What a deletion leaves where it is broken off, or where another source holds the same."""

from dataclasses import replace

import pytest

from lethe.contracts.sync import SyncRun
from lethe.errors import SourceUnavailable
from lethe.ingestion.sync import removing, rounds
from lethe.ingestion.sync.registry import SourceWish
from lethe.model.documents import Document, Status
from lethe.model.ids import Id
from lethe.model.sources import SourceFilters, SourceKind
from tests.unit.sync.following import ADDRESS, Following, fill


async def still_comes_in(following: Following, document: Document) -> Id:
    """A version of it, now."""
    async with following.house.ledger.write() as uow:
        (version,) = await uow.versions.of_document(document.tenant_id, document.id)
        await uow.versions.update(replace(version, status=Status.PARSING))
    return version.id


async def test_a_kill_after_the_deletion_leaves_the_stores_to_be_emptied(following: Following) -> None:
    """What the lost answer said is said again, though nothing is left to delete."""
    fill(following, 8)
    await following.round()
    running = {await still_comes_in(following, each) for each in await following.documents()}
    following.source.items.clear()
    fill(following, 6)
    ref = await following.begin()
    assert not await following.failed(ref, SourceUnavailable)
    lost = await removing.remove_vanished(following.deps, ref)
    again = await removing.remove_vanished(following.deps, ref)
    assert (lost, again.documents, (await following.sync(ref)).deleted) == (again, 2, 2)
    assert len(again.running) == 2
    assert running.issuperset(again.running)


@pytest.mark.parametrize("deletes", [True, False])
async def test_a_source_that_goes_empties_the_stores_of_what_a_kill_left(following: Following, deletes: bool) -> None:
    fill(following, 3)
    await following.round()
    running = await still_comes_in(following, (await following.documents())[0])
    await following.sources.delete(following.house.admin, following.source_id, deletes_documents=deletes)
    lost = await removing.remove_documents(following.deps, following.ref)
    again = await removing.remove_documents(following.deps, following.ref)
    assert lost == again
    assert (again.documents, again.running) == ((3, [running]) if deletes else (0, []))


async def another_source(following: Following) -> Following:
    """Of the same address, for other readers and less of it."""
    house = following.house
    wish = SourceWish("also", filters=SourceFilters(include=("notes/0.txt", "notes/1.txt")), purpose="research")
    made = await following.sources.create(house.admin, SourceKind.FOLDER, ADDRESS, wish)
    return replace(following, source_id=made.source.id)


async def test_what_another_source_holds_too_stays_and_becomes_its_own(following: Following) -> None:
    fill(following, 4)
    other = await another_source(following)
    await other.round()
    await following.round()
    assert {each.purpose for each in await following.documents()} == {"support"}
    await following.sources.delete(following.house.admin, following.source_id, deletes_documents=True)
    await removing.remove_documents(following.deps, following.ref)
    await removing.forget_source(following.deps, following.ref)
    assert len(await following.documents()) == 2
    async with following.house.ledger.read() as uow:
        behind = await uow.sources.behind(following.house.tenant_id, other.source_id, 1, None, 10)
    assert len(behind) == 2


async def test_what_filters_exclude_stays_where_another_source_holds_it(following: Following) -> None:
    fill(following, 9)
    await following.round()
    await (await another_source(following)).round()

    def narrowed(before: SourceWish) -> SourceWish:
        return replace(before, filters=SourceFilters(exclude=("notes/1.txt", "notes/2.txt")))

    await following.sources.change(following.house.admin, following.source_id, narrowed)
    sync = await following.round()
    assert (sync.vanished, sync.deleted, len(await following.documents())) == (2, 1, 8)


async def test_of_two_sources_that_go_neither_keeps_the_documents(following: Following) -> None:
    fill(following, 2)
    await following.round()
    other = await another_source(following)
    await other.round()
    for each in (following, other):
        await each.sources.delete(each.house.admin, each.source_id, deletes_documents=True)
    for each in (following, other):
        await removing.remove_documents(each.deps, each.ref)
    assert await following.documents() == []
    begun = await rounds.begin_round(other.deps, SyncRun(**other.ref.model_dump()))
    assert begun.next.value == "end"
