"""What is restricted, or held with an erasure, stays though its item is gone, or its source goes."""

from collections.abc import Awaitable, Callable

import pytest

from lethe.contracts.selection import SelectionBatch, SelectionPage, SelectionRef, SelectionTotals
from lethe.contracts.sync import SyncRun
from lethe.errors import Forbidden
from lethe.ingestion.requests import MetadataPatch
from lethe.ingestion.restricting import Restrictions
from lethe.ingestion.selections import Description, Selections
from lethe.ingestion.sync import removing, rounds
from lethe.model.documents import Document
from lethe.model.erasures import ErasureState
from lethe.model.ids import Id
from lethe.model.selections import SelectionAction
from lethe.model.syncs import EntryState
from tests.contract.test_ledger_erasures import item, request
from tests.unit.sync.following import ADDRESS, Following, fill


async def restrict(following: Following, document_id: Id) -> None:
    await Restrictions(following.house.ledger, following.clock).restrict(following.house.admin, document_id, "lawsuit")


async def hold(following: Following, document_id: Id) -> None:
    held = request(following.house.tenant_id, state=ErasureState.HELD, held_from=ErasureState.DISCOVERING)
    async with following.house.ledger.write() as uow:
        await uow.erasures.add(held, [])
        await uow.erasures.put_items([item(held, document_id, store="documents", kind="document")])


async def row(following: Following, document_id: Id) -> Document:
    async with following.house.ledger.read() as uow:
        found = await uow.documents.get(following.house.tenant_id, document_id)
    assert found
    return found


async def document_of(following: Following, key: str) -> Id:
    """By the item's name, as its source tells it."""
    for each in await following.entries():
        assert each.document_id
        shown = await following.house.documents.get(following.house.admin, each.document_id)
        if shown.source_uri.endswith(key):
            return each.document_id
    raise AssertionError(key)


@pytest.mark.parametrize("keep", [restrict, hold])
async def test_it_outlives_its_item_and_is_not_missed_again(
    following: Following, keep: Callable[[Following, Id], Awaitable[None]]
) -> None:
    fill(following, 8)
    await following.round()
    everything = dict(following.source.items)
    kept, free = [await document_of(following, f"notes/{number}.txt") for number in range(2)]
    await keep(following, kept)
    for number in range(2):
        del following.source.items[f"notes/{number}.txt"]
    sync = await following.round()
    assert (sync.vanished, sync.deleted) == (2, 1)
    assert (await row(following, kept)).deleted_at is None
    assert (await row(following, free)).deleted_at is not None
    (entry,) = [each for each in await following.entries() if each.document_id == kept]
    assert entry.state is EntryState.KEPT
    assert (await following.round()).vanished == 0
    following.source.items.update(everything)
    sync = await following.round()
    assert (sync.added, sync.skipped, sync.known) == (1, 7, 6)


async def test_its_restriction_stands_after_it_vanished(following: Following) -> None:
    fill(following, 8)
    await following.round()
    kept = await document_of(following, "notes/0.txt")
    await restrict(following, kept)
    del following.source.items["notes/0.txt"]
    await following.ordering.notify(following.house.admin, following.source_id, ["notes/0.txt"])
    begun = await rounds.begin_round(following.deps, SyncRun(**following.ref.model_dump()))
    assert (await following.follow(following.of(begun))).deleted == 0
    assert (await row(following, kept)).restriction_reason == "lawsuit"


@pytest.mark.parametrize("keep", [restrict, hold])
async def test_a_source_that_goes_with_its_documents_leaves_it(
    following: Following, keep: Callable[[Following, Id], Awaitable[None]]
) -> None:
    fill(following, 3)
    await following.round()
    kept = await document_of(following, "notes/1.txt")
    await keep(following, kept)
    await following.sources.delete(following.house.admin, following.source_id, deletes_documents=True)
    assert (await removing.remove_documents(following.deps, following.ref)).documents == 2
    assert (await row(following, kept)).deleted_at is None
    await removing.forget_source(following.deps, following.ref)
    assert (await row(following, kept)).deleted_at is None


@pytest.mark.parametrize("keep", [restrict, hold])
async def test_a_selection_leaves_it_whoever_orders_it(
    following: Following, keep: Callable[[Following, Id], Awaitable[None]]
) -> None:
    fill(following, 2)
    await following.round()
    house = following.house
    kept, free = [await document_of(following, f"notes/{number}.txt") for number in range(2)]
    await keep(following, kept)
    selections = Selections(house.ledger, house.keyring, following.clock)
    described = Description(ids=(kept, free))
    ordered = await selections.order(house.admin, SelectionAction.DELETE, described, MetadataPatch())
    ref = SelectionRef(tenant_id=house.tenant_id, selection_id=ordered.id)
    batch = SelectionBatch(selection=ref, ids=[kept, free])
    changed = await selections.delete(batch)
    assert (changed.done, changed.skipped) == (1, 1)
    assert await selections.delete(batch) == changed.model_copy(update={"running": []})
    assert (await row(following, kept)).deleted_at is None
    assert (await row(following, free)).deleted_at is not None


async def test_no_selection_means_what_is_restricted_until_it_is_released(following: Following) -> None:
    fill(following, 2)
    await following.round()
    house = following.house
    kept, free = [await document_of(following, f"notes/{number}.txt") for number in range(2)]
    restrictions = Restrictions(house.ledger, following.clock)
    await restrictions.restrict(house.admin, kept, "lawsuit")
    selections = Selections(house.ledger, house.keyring, following.clock)
    ordered = await selections.order(
        house.admin, SelectionAction.COUNT, Description(source_prefix=ADDRESS), MetadataPatch()
    )
    ref = SelectionRef(tenant_id=house.tenant_id, selection_id=ordered.id)
    asked = SelectionPage(selection=ref, after=None, totals=SelectionTotals())
    assert (await selections.page(asked)).ids == [free]
    await restrictions.release(house.admin, kept)
    assert set((await selections.page(asked)).ids) == {kept, free}


async def test_no_other_version_takes_its_place_before_its_release(following: Following) -> None:
    fill(following, 2)
    await following.round()
    house = following.house
    kept = await document_of(following, "notes/0.txt")
    before = (await row(following, kept)).live_version_id
    await restrict(following, kept)
    following.source.items["notes/0.txt"] = ("2", b"Another text.")
    for _ in range(2):
        sync = await following.round()
        assert (sync.updated, sync.failed) == (0, 1)
    assert (await row(following, kept)).live_version_id == before
    await Restrictions(house.ledger, following.clock).release(house.admin, kept)
    assert (await following.round()).updated == 1
    assert (await row(following, kept)).live_version_id != before


async def test_what_is_restricted_while_its_next_version_is_sent_keeps_its_own(following: Following) -> None:
    house = following.house
    sent = await house.live("kept")
    with pytest.raises(Forbidden):
        await house.upload("another", meanwhile=lambda: restrict(following, sent.document_id))
    with pytest.raises(Forbidden):
        await house.upload("another", house.writer)
    async with house.ledger.read() as uow:
        assert [each.id for each in await uow.versions.of_document(house.tenant_id, sent.document_id)] == [
            sent.version_id
        ]


async def test_only_an_officer_deletes_by_its_id_what_a_hold_keeps(following: Following) -> None:
    fill(following, 1)
    await following.round()
    house = following.house
    kept = await document_of(following, "notes/0.txt")
    await hold(following, kept)
    with pytest.raises(Forbidden):
        await house.documents.delete(house.writer, kept)
    assert (await row(following, kept)).deleted_at is None
    await house.documents.delete(house.admin, kept)
    assert (await row(following, kept)).deleted_at is not None
