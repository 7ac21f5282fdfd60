"""Rounds of a source: what is read, what goes, and what a listing that lacks much is asked about."""

from dataclasses import replace

import pytest

from lethe.adapters.sql import SqlLedger
from lethe.contracts.sync import NextStep, SyncRun
from lethe.errors import (
    KeyDestroyed,
    SourceItemChanged,
    SourceItemGone,
    SourceItemTooLarge,
    SourceListingIncomplete,
    SourceMissing,
    SourceUnavailable,
    SyncNotWaiting,
)
from lethe.ingestion.documents import Documents
from lethe.ingestion.sync import rounds, taking
from lethe.ingestion.sync.registry import SourceWish
from lethe.model.syncs import Decision, EntryState, SourceState, SyncState, SyncTrigger
from lethe.settings import Settings
from tests.integration.house import KilledError
from tests.unit.sync.following import ADDRESS, Following, fill, open_following, reporter


async def test_a_round_takes_everything_in_once_and_the_next_one_reads_nothing(following: Following) -> None:
    fill(following, 7)
    first = await following.round()
    assert (first.state, first.known, first.listed, first.added, first.skipped) == (SyncState.DONE, 0, 7, 7, 0)
    assert len(await following.documents()) == 7
    following.source.reads.clear()
    second = await following.round()
    assert (second.known, second.listed, second.added, second.updated, second.skipped) == (7, 7, 0, 0, 7)
    assert (following.source.reads, second.ingestion_id) == ([], None)


async def test_what_changed_is_read_and_what_is_the_same_under_another_revision_is_no_version(
    following: Following,
) -> None:
    fill(following, 5)
    await following.round()
    following.source.put("notes/0.txt", "Another note.", "2")
    following.source.put("notes/1.txt", "Note 1.", "2")
    following.source.reads.clear()
    sync = await following.round()
    assert sorted(following.source.reads) == ["notes/0.txt", "notes/1.txt"]
    assert (sync.updated, sync.skipped, sync.added, sync.deleted, sync.failed) == (1, 4, 0, 0, 0)
    following.source.reads.clear()
    assert ((await following.round()).skipped, following.source.reads) == (5, [])


async def test_what_vanished_is_deleted_and_comes_back_when_it_is_there_again(following: Following) -> None:
    fill(following, 10)
    await following.round()
    gone = [following.source.items.pop(f"notes/{number}.txt") for number in (1, 2, 3)]
    sync = await following.round()
    assert (sync.vanished, sync.deleted, len(await following.documents())) == (3, 3, 7)
    following.source.items["notes/1.txt"] = gone[0]
    assert ((await following.round()).added, len(await following.documents())) == (1, 8)


async def test_a_dry_run_compares_only(following: Following) -> None:
    fill(following, 4)
    sync = await following.round(is_dry_run=True)
    assert (sync.added, sync.listed, sync.state, following.source.reads) == (4, 4, SyncState.DONE, [])
    await following.round()
    following.source.items.pop("notes/0.txt")
    following.source.put("notes/1.txt", "Changed.", "2")
    following.source.reads.clear()
    sync = await following.round(is_dry_run=True)
    assert (sync.added, sync.updated, sync.skipped, sync.deleted) == (0, 1, 2, 1)
    assert (following.source.reads, len(await following.documents())) == ([], 4)


async def test_a_listing_that_lacks_much_deletes_nothing_before_somebody_says_so(following: Following) -> None:
    fill(following, 10)
    await following.round()
    for number in range(4):
        following.source.items.pop(f"notes/{number}.txt")
    following.source.put("notes/new.txt", "New.")
    sync = await following.round()
    assert (sync.state, sync.vanished, sync.deleted, len(await following.documents())) == (
        SyncState.NEEDS_ATTENTION,
        4,
        0,
        10,
    )
    again = await rounds.begin_round(following.deps, SyncRun(**following.ref.model_dump(), is_scheduled=True))
    assert (again.sync_id, again.state) == (sync.id, SyncState.NEEDS_ATTENTION)
    (shown,) = await following.sources.page(following.house.admin, None, 10)
    assert (shown.asking, await following.sources.get(following.house.admin, following.source_id)) == (sync.id, shown)
    ref = following.of(again)
    assert (await rounds.look_at_decision(following.deps, ref)).wait_seconds > 6 * 86_400
    following.later(days=8)
    assert not (await rounds.look_at_decision(following.deps, ref)).wait_seconds
    done = await following.follow(ref, decision=Decision.DELETE)
    assert (done.state, done.deleted, done.added) == (SyncState.DONE, 4, 1)
    assert (await following.sources.get(following.house.admin, following.source_id)).asking is None
    assert len(await following.documents()) == 7


async def test_a_listing_of_nothing_asks_whatever_share_may_go(sqlite_settings: Settings) -> None:
    ledger = SqlLedger.from_settings(sqlite_settings)
    async with open_following(ledger, ask_above_share=1.0) as following:
        fill(following, 1)
        await following.round()
        following.source.items.clear()
        assert (await following.round()).state is SyncState.NEEDS_ATTENTION
        assert len(await following.documents()) == 1
    await ledger.close()


async def test_what_is_to_stay_stays_and_is_not_missed_again(following: Following) -> None:
    fill(following, 4)
    await following.round()
    following.source.items.clear()
    sync = await following.round(decision=Decision.KEEP)
    assert (sync.state, sync.vanished, sync.deleted, len(await following.documents())) == (SyncState.DONE, 4, 0, 4)
    assert {entry.state for entry in await following.entries()} == {EntryState.KEPT}
    assert ((await following.round()).vanished, len(await following.documents())) == (0, 4)
    fill(following, 4)
    following.source.reads.clear()
    assert ((await following.round()).skipped, following.source.reads) == (4, [])
    with pytest.raises(SyncNotWaiting):
        await following.ordering.decide(following.house.admin, following.source_id, sync.id, Decision.DELETE)


@pytest.mark.parametrize("error", [SourceUnavailable, SourceListingIncomplete, SourceMissing])
async def test_a_listing_that_breaks_off_deletes_nothing(following: Following, error: type[Exception]) -> None:
    fill(following, 4)
    await following.round()
    following.source.items.clear()
    following.source.fails = error()  # type: ignore[assignment]
    ref = await following.begin()
    assert await following.failed(ref, error)  # type: ignore[arg-type]
    assert (await following.sync(ref)).state is SyncState.LISTING
    assert len(await following.documents()) == 4


async def test_an_item_that_cannot_be_read_fails_alone(following: Following) -> None:
    fill(following, 5)
    following.source.put("notes/long.txt", "x" * 2_000)
    following.source.unreadable = {
        "notes/0.txt": SourceItemTooLarge(),
        "notes/1.txt": SourceItemGone(),
        "notes/2.txt": SourceUnavailable(),
        "notes/3.txt": SourceItemChanged(),
    }
    sync = await following.round()
    # One is refused by its source, one by the tenant's own limit; two were not to be read this time; one is gone.
    assert (sync.state, sync.added, sync.failed) == (SyncState.DONE, 1, 4)
    following.source.unreadable.clear()
    following.source.reads.clear()
    again = await following.round()
    assert sorted(following.source.reads) == ["notes/1.txt", "notes/2.txt", "notes/3.txt"]
    assert (again.added, again.skipped, again.failed) == (3, 3, 0)


async def test_a_source_that_is_down_is_tried_again_before_an_item_is_given_up(following: Following) -> None:
    fill(following, 2)
    following.source.unreadable["notes/0.txt"] = SourceUnavailable()
    ref = await following.begin()
    assert not await following.failed(ref, SourceUnavailable)
    await taking.begin_intake(following.deps, ref)
    with pytest.raises(SourceUnavailable):
        await taking.take_in(following.deps, ref, reporter(attempt=1))
    following.source.unreadable.clear()
    await following.take_in(ref)
    assert len(await following.documents()) == 2
    assert not following.source.is_open


async def test_a_round_that_was_left_goes_on_where_it_was(following: Following) -> None:
    """Killed after two items were taken in: none is taken twice, and the listing is not made again."""
    fill(following, 5)
    ref = await following.begin()
    assert not await following.failed(ref, SourceUnavailable)
    await taking.begin_intake(following.deps, ref)
    await taking.take_in(following.deps, ref, reporter())
    assert len(following.source.reads) == 3
    begun = await rounds.begin_round(following.deps, SyncRun(**following.ref.model_dump()))
    assert (begun.sync_id, begun.state) == (ref.sync_id, SyncState.INGESTING)
    sync = await following.follow(ref)
    assert (sync.added, sync.listed, len(following.source.reads), following.source.listings) == (5, 5, 5, 1)


async def test_an_item_that_was_taken_before_a_kill_is_met_again(following: Following) -> None:
    fill(following, 1)
    ref = await following.begin()
    assert not await following.failed(ref, SourceUnavailable)
    await taking.begin_intake(following.deps, ref)

    def killed(place: str) -> None:
        if place == "take:before":
            raise KilledError

    with pytest.raises(KilledError):
        await taking.take_in(following.deps, ref, reporter(reach=killed))
    sync = await following.follow(ref)
    assert (sync.added, sync.updated, sync.failed, len(await following.documents())) == (1, 0, 0, 1)


async def test_nothing_of_a_listing_outlives_its_round(following: Following) -> None:
    fill(following, 3)
    ref = await following.begin()
    assert not await following.failed(ref, SourceUnavailable)
    assert await following.kept_of_listings() == 3
    await following.follow(ref)
    assert await following.kept_of_listings() == 0
    with pytest.raises(KeyDestroyed):
        await following.house.keyring.get(following.house.tenant_id, ref.sync_id)


async def test_what_came_from_a_source_says_so(following: Following) -> None:
    fill(following, 1)
    await following.round()
    (document,) = await following.documents()
    assert document.purpose == "support"
    async with following.house.ledger.read() as uow:
        (version,) = await uow.versions.of_document(document.tenant_id, document.id)
    assert version.source_id == following.source_id
    documents = Documents(following.house.ledger, following.house.keyring, following.clock)
    view = await documents.get(following.house.admin, document.id)
    assert view.source_uri == f"{ADDRESS}/notes/0.txt"


async def test_events_look_at_the_named_items_alone(following: Following) -> None:
    fill(following, 6)
    await following.round()
    following.source.put("notes/0.txt", "Changed.", "2")
    following.source.put("notes/new.txt", "New.")
    for number in (1, 2, 3):
        following.source.items.pop(f"notes/{number}.txt")
    following.source.items.pop("notes/4.txt")
    following.source.reads.clear()
    named = ["notes/0.txt", "notes/new.txt", "notes/1.txt", "notes/2.txt", "notes/3.txt", "notes/5.txt", "nothing.txt"]
    house = following.house
    await following.ordering.notify(house.admin, following.source_id, named[:3])
    await following.ordering.notify(house.admin, following.source_id, named)
    begun = await rounds.begin_round(following.deps, SyncRun(**following.ref.model_dump()))
    sync = await following.follow(following.of(begun))
    assert (sync.listed, sync.added, sync.updated, sync.deleted, sync.skipped) == (7, 1, 1, 3, 2)
    assert sorted(following.source.reads) == ["notes/0.txt", "notes/new.txt"]
    assert len(await following.documents()) == 4
    assert (await following.sources.get(house.admin, following.source_id)).source.last_good_at is not None
    assert (await rounds.begin_round(following.deps, SyncRun(**following.ref.model_dump()))).next is NextStep.REST


async def test_only_a_whole_round_makes_a_source_younger(following: Following) -> None:
    house = following.house
    following.later(seconds=3601)
    assert (await following.sources.get(house.admin, following.source_id)).is_overdue
    await following.round(is_dry_run=True)
    await following.ordering.notify(house.admin, following.source_id, ["notes/0.txt"])
    begun = await rounds.begin_round(following.deps, SyncRun(**following.ref.model_dump()))
    await following.follow(following.of(begun))
    assert (await following.sources.get(house.admin, following.source_id)).is_overdue
    await following.round()
    assert not (await following.sources.get(house.admin, following.source_id)).is_overdue


async def test_a_schedule_adds_a_round_of_its_own_to_those_that_see_less(following: Following) -> None:
    house, run = following.house, SyncRun(**following.ref.model_dump(), is_scheduled=True)
    await following.ordering.notify(house.admin, following.source_id, ["notes/0.txt"])
    begun = await rounds.begin_round(following.deps, run)
    assert not begun.is_whole
    assert [each.trigger for each in await following.ordering.page(house.admin, following.source_id, None, 9)] == [
        SyncTrigger.SCHEDULE,
        SyncTrigger.EVENTS,
    ]
    await following.follow(following.of(begun))
    begun = await rounds.begin_round(following.deps, run)
    assert begun.is_whole
    assert len(await following.ordering.page(house.admin, following.source_id, None, 9)) == 2


async def test_other_filters_are_heeded_by_the_next_round(following: Following) -> None:
    fill(following, 4)
    following.source.put("other.md", "Other.")
    await following.round()

    def narrowed(before: SourceWish) -> SourceWish:
        return replace(before, filters=replace(before.filters, exclude=("*.md",)))

    view, is_remapped = await following.sources.change(following.house.admin, following.source_id, narrowed)
    assert (view.source.state, is_remapped) == (SourceState.ACTIVE, False)
    assert ((await following.round()).deleted, len(await following.documents())) == (1, 4)
