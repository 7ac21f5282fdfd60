"""Rounds of what events named: what nobody can say of one item, what is gone of many, and who begins meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lethe.contracts.sync import SyncRef, SyncRun
from lethe.errors import LetheError, SourceAccessDenied, SourceMissing, SourceUnavailable
from lethe.ingestion.sync import listing, rounds
from lethe.ingestion.sync.ordering import Rounds
from lethe.model.ids import Id
from lethe.model.syncs import Decision, SyncState, SyncTrigger
from lethe.ports.keyring import KeyRing
from tests.unit.sync.following import Following, fill, reporter


async def begun(following: Following) -> SyncRef:
    return following.of(await rounds.begin_round(following.deps, SyncRun(**following.ref.model_dump())))


async def named(following: Following, *numbers: int) -> SyncRef:
    """A round of these notes, begun."""
    keys = [f"notes/{number}.txt" for number in numbers]
    await following.ordering.notify(following.house.admin, following.source_id, keys)
    return await begun(following)


@pytest.mark.parametrize("error", [SourceAccessDenied(), SourceUnavailable()])
async def test_an_item_of_which_nobody_can_say_anything_costs_the_others_nothing(
    following: Following, error: LetheError
) -> None:
    fill(following, 3)
    following.source.unanswered["notes/1.txt"] = error
    ref = await named(following, 0, 1, 2)
    compared = await listing.compare(following.deps, ref, reporter(attempt=3))
    assert (compared.listed, compared.work) == (2, 2)
    sync = await following.follow(ref)
    assert (sync.state, sync.added, sync.failed, sync.skipped) == (SyncState.DONE, 2, 1, 0)


async def test_a_source_that_does_not_answer_is_tried_again(following: Following) -> None:
    fill(following, 2)
    following.source.unanswered["notes/1.txt"] = SourceUnavailable()
    ref = await named(following, 0, 1)
    with pytest.raises(SourceUnavailable):
        await listing.compare(following.deps, ref, reporter(attempt=1))
    following.source.unanswered.clear()
    assert (await following.follow(ref)).added == 2


async def test_a_source_that_answers_for_nothing_fails_the_round(following: Following) -> None:
    fill(following, 1)
    following.source.unanswered["notes/0.txt"] = SourceAccessDenied()
    assert await following.failed(await named(following, 0), SourceAccessDenied)


@pytest.mark.parametrize(("decision", "left"), [(Decision.DELETE, 27), (Decision.KEEP, 40)])
async def test_many_that_are_gone_at_once_are_asked_about(following: Following, decision: Decision, left: int) -> None:
    """A disk that was taken away has nothing under any key."""
    fill(following, 40)
    await following.round()
    following.source.items.clear()
    sync = await following.follow(await named(following, *range(13)))
    assert (sync.state, sync.vanished, len(await following.documents())) == (SyncState.NEEDS_ATTENTION, 13, 40)
    sync = await following.follow(await begun(following), decision=decision)
    assert (sync.state, len(await following.documents())) == (SyncState.DONE, left)
    assert len(await following.entries()) == left


@pytest.mark.parametrize("by_events", [False, True])
async def test_what_is_there_again_when_somebody_answers_is_not_deleted(following: Following, by_events: bool) -> None:
    fill(following, 20)
    await following.round()
    there = dict(following.source.items)
    following.source.items.clear()
    ref = await named(following, *range(20)) if by_events else await following.begin()
    assert (await following.follow(ref)).state is SyncState.NEEDS_ATTENTION
    following.source.items.update(there)
    following.source.items.pop("notes/3.txt")
    sync = await following.follow(ref, decision=Decision.DELETE)
    assert (sync.state, sync.vanished, sync.deleted) == (SyncState.DONE, 1, 1)
    assert len(await following.documents()) == 19


@pytest.mark.parametrize("others", [0, 1])
async def test_under_what_holds_nothing_any_more_nothing_goes_unasked(following: Following, others: int) -> None:
    """However few are named: a disk that was taken away leaves an empty folder."""
    fill(following, 3 + others)
    await following.round()
    for number in range(3):
        following.source.items.pop(f"notes/{number}.txt")
    sync = await following.follow(await named(following, 0, 1, 2))
    asks = (SyncState.NEEDS_ATTENTION, 0, 3), (SyncState.DONE, 3, 1)
    assert (sync.state, sync.deleted, len(await following.documents())) == asks[others]


@pytest.mark.parametrize(("others", "is_bare", "asks"), [(6, True, True), (6, False, False), (7, True, False)])
async def test_what_goes_with_its_whole_folder_is_asked_about_as_in_a_listing(
    following: Following, others: int, is_bare: bool, asks: bool
) -> None:
    """A disk may have been mounted there; of ten items and more three may go unasked."""
    names = ["archive/0.txt", "archive/1.txt", "archive/2.txt", *([] if is_bare else ["archive/3.txt"])]
    for name in names:
        following.source.put(name, f"What {name} says.")
    fill(following, others)
    await following.round()
    for name in names[:3]:
        following.source.items.pop(name)
    await following.ordering.notify(following.house.admin, following.source_id, names[:3])
    sync = await following.follow(await begun(following))
    assert (sync.state, sync.vanished) == (SyncState.NEEDS_ATTENTION if asks else SyncState.DONE, 3)
    assert len(await following.documents()) == others + len(names) - (0 if asks else 3)


async def test_a_source_that_cannot_be_listed_loses_nothing_to_an_event(following: Following) -> None:
    fill(following, 2)
    await following.round()
    following.source.items.clear()
    following.source.unlisted = SourceMissing()
    assert await following.failed(await named(following, 0), SourceMissing)
    assert len(await following.documents()) == 2


async def test_what_went_after_the_question_is_not_deleted_by_its_answer(following: Following) -> None:
    fill(following, 40)
    await following.round()
    for number in range(13):
        following.source.items.pop(f"notes/{number}.txt")
    ref = await following.begin()
    assert (await following.follow(ref)).vanished == 13
    following.source.items.clear()
    sync = await following.follow(ref, decision=Decision.DELETE)
    assert (sync.state, sync.deleted, len(await following.documents())) == (SyncState.DONE, 13, 27)
    assert (await following.round()).state is SyncState.NEEDS_ATTENTION


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """A key ring that is slow: something happens before it makes the first key."""

    keyring: KeyRing
    happens: list[Callable[[], Awaitable[Any]]]

    async def create(self, tenant_id: Id, key_id: Id) -> bytes:
        if self.happens:
            await self.happens.pop()()
        return await self.keyring.create(tenant_id, key_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.keyring, name)


@pytest.mark.parametrize("ends", [False, True])
async def test_a_notification_that_meets_the_beginning_of_the_round_it_would_join(
    following: Following, ends: bool
) -> None:
    fill(following, 2)
    house = following.house
    waiting = await following.ordering.notify(house.admin, following.source_id, ["notes/0.txt"])

    async def begins() -> None:
        ref = await begun(following)
        assert ref.sync_id == waiting.id
        if ends:
            await following.follow(ref)

    keyring: Any = Meanwhile(house.keyring, [begins])
    ordering: Rounds = replace(following.ordering, keyring=keyring)
    sync = await ordering.notify(house.admin, following.source_id, ["notes/1.txt"])
    assert (sync.id != waiting.id, sync.state, sync.trigger) == (True, SyncState.PENDING, SyncTrigger.EVENTS)
