"""The races of an erasure, one by one; `test_interleavings` meets them in any order.

| Race | Test |
|---|---|
| an ingestion commits before the fence | `test_what_commits_before_the_fence_is_in_the_manifest` |
| an ingestion between the fence and its second check | `test_an_upload_across_the_fence_deletes_itself`, |
| | `test_a_person_named_across_the_fence_is_refused`, `test_a_text_parsed_before_the_fence_is_refused_at_its_cutting` |
| a write that lands after the drain | `test_a_write_that_lands_after_the_drain_is_never_served_and_reaped` |
| an upload again, afterwards | `test_the_same_document_sent_again_is_refused` |
| an update of a shared document during its rewriting | `test_an_update_during_the_rewriting_wins_and_is_clean`, |
| | `test_a_failed_update_does_not_keep_the_person_in_a_shared_document` |
| a follower | `test_a_build_that_follows_never_comes_to_hold_the_person` |
| a cache filled by an answer from before the fence | tests/integration/test_fence_http.py |
| | tests/unit/answering/test_cache.py |
| two erasures of overlapping people | `test_two_erasures_of_one_document_end_both_and_bring_nobody_back`, |
| | `test_two_erasures_of_others_in_one_document_do_not_refuse_each_others_text` |
| a hold in the middle | `test_a_hold_in_the_middle_stops_what_is_not_destroyed_yet`, |
| | `test_a_hold_while_it_discovers_is_no_dead_end` |
"""

import pytest

from lethe.errors import DocumentConflict, SubjectSuppressed
from lethe.model.documents import Status
from lethe.model.erasures import ErasureState, ItemState
from lethe.model.indexes import BuildState
from lethe.model.personal_data import StoreName
from tests.unit.erasing.driving import TIMER, Drive
from tests.unit.erasing.standins import Flight
from tests.unit.erasing.world import ADA, BOB, EVE, ErasingWorld

BOTH = frozenset({ADA, BOB})


async def _live(world: ErasingWorld, number: int, text: str, *people: str) -> Flight:
    flight = await world.upload(number, text, *people, fact=text.partition("\n")[0])
    assert flight
    await world.fly(flight)
    assert flight.is_live
    return flight


async def _erasing(world: ErasingWorld, *mails: str) -> Drive:
    return Drive(world.activities, await world.erase(*mails), world.clock)


async def _until(drive: Drive, name: str) -> None:
    """The step of this name is next."""
    while (stop := await drive.reached()) and stop.name != name:
        await drive.step()
    assert not drive.is_over


async def _to_the_end(world: ErasingWorld, *drives: Drive) -> None:
    for _ in range(500):
        if all(each.is_over for each in drives):
            return
        for drive in drives:
            stop = await drive.reached()
            if stop is not None and stop.name == TIMER:
                await _others_go_on(world)
            await drive.step()
    raise AssertionError([each.stop for each in drives])


async def _others_go_on(world: ErasingWorld) -> None:
    await world.begun_by_rewriting()
    for flight in world.flights:
        await world.fly(flight)
    await world.build_on()


async def _texts(world: ErasingWorld) -> list[str]:
    return [text for _, text, *_ in (await world.served()).values()]


async def test_what_commits_before_the_fence_is_in_the_manifest(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    coming = await world.upload(1, "Her notes.", ADA)
    assert coming
    await world.fly(coming, 4)
    drive = await _erasing(world, ADA)
    assert await _texts(world) == []
    await _to_the_end(world, drive)
    assert await world.left_of(BOTH) == {}
    assert not coming.is_live


async def test_an_upload_across_the_fence_deletes_itself(world: ErasingWorld) -> None:
    drives = list[Drive]()

    async def fence() -> None:
        drives.append(await _erasing(world, ADA))

    with pytest.raises(DocumentConflict):
        await world.upload(0, "Her engine.", ADA, meanwhile=fence)
    await _to_the_end(world, *drives)
    assert await world.left_of(BOTH) == {}


async def test_a_person_named_across_the_fence_is_refused(world: ErasingWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fence comes between the look at the suppressions and the plan of the version."""
    create = world.pipeline.keyring.create
    drives = list[Drive]()

    async def fenced_first(tenant_id: str, key_id: str) -> bytes:
        monkeypatch.undo()
        drives.append(await _erasing(world, ADA))
        return await create(tenant_id, key_id)

    calls = 0

    async def counted(tenant_id: str, key_id: str) -> bytes:
        """The first key is the version's, the second is that of the link: the person was looked up by then."""
        nonlocal calls
        calls += 1
        return await (fenced_first if calls == 2 else create)(tenant_id, key_id)

    monkeypatch.setattr(world.pipeline.keyring, "create", counted)
    with pytest.raises(SubjectSuppressed):
        await world.upload(0, "Her engine.", ADA)
    (drive,) = drives
    await _to_the_end(world, drive)
    assert await world.left_of(BOTH) == {}


async def test_a_text_parsed_before_the_fence_is_refused_at_its_cutting(world: ErasingWorld) -> None:
    """It is linked to nobody and in no row: no round of discovery can find it."""
    flight = await world.upload(0, f"Write to {ADA}.")
    assert flight
    await world.fly(flight, 2)
    await _to_the_end_without(world, await _erasing(world, ADA))
    await world.fly(flight)
    assert not flight.is_live
    assert await world.left_of(BOTH) == {}


async def _to_the_end_without(world: ErasingWorld, drive: Drive) -> None:
    """Nothing that is on its way moves."""
    for _ in range(500):
        if drive.is_over:
            return
        if (await drive.reached()) and drive.stop and drive.stop.name == TIMER:
            await world.build_on()
        await drive.step()


async def test_a_write_that_lands_after_the_drain_is_never_served_and_reaped(world: ErasingWorld) -> None:
    flight = await _live(world, 0, "Her engine.", ADA)
    await _to_the_end(world, await _erasing(world, ADA))
    await world.land_all()
    assert world.holds(flight.version_id) > 0, "the control"
    assert await _texts(world) == []
    await world.reap()
    assert world.holds(flight.version_id) == 0


async def test_the_same_document_sent_again_is_refused(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    await _to_the_end(world, await _erasing(world, ADA))
    with pytest.raises(SubjectSuppressed):
        await world.upload(0, "Her engine.", ADA)
    again = await world.upload(0, f"The engine of {ADA}.")
    assert again
    await world.fly(again)
    assert not again.is_live
    assert await world.left_of(BOTH) == {}


async def test_others_may_use_the_source_of_a_fenced_document(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    drive = await _erasing(world, ADA)
    await _live(world, 0, "His pump.", EVE)
    await _to_the_end(world, drive)
    assert await _texts(world) == ["His pump."]


async def test_a_document_that_was_once_about_the_person_stays_read(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    await _live(world, 0, "The pump.")
    drive = await _erasing(world, ADA)
    assert await _texts(world) == ["The pump."]
    await _to_the_end(world, drive)
    assert await _texts(world) == ["The pump."]


async def test_an_update_during_the_rewriting_wins_and_is_clean(world: ErasingWorld) -> None:
    await _live(world, 0, f"The engine.\n\nBy {ADA}.", EVE)
    drive = await _erasing(world, ADA)
    await _until(drive, "rewrite_shared")
    await drive.step()
    update = await world.upload(0, "The engine, better.", EVE, fact="The engine, better.")
    assert update
    await _to_the_end(world, drive)
    assert await _texts(world) == ["The engine, better."]
    assert await world.left_of(BOTH) == {}


async def test_a_failed_update_does_not_keep_the_person_in_a_shared_document(world: ErasingWorld) -> None:
    """Its source still says what it said: the next sync sends it, and it fails for the person's sake."""
    text = f"The engine.\n\nBy {ADA}."
    await _live(world, 0, text)
    drive = await _erasing(world, ADA)
    update = await world.upload(0, f"{text}\n\nAnd more.")
    assert update
    await world.fly(update)
    assert await world.status(update) is Status.FAILED
    await _to_the_end(world, drive)
    assert [each for each in await _texts(world) if "engine" in each]
    assert await world.left_of(BOTH) == {}


async def test_a_build_that_follows_never_comes_to_hold_the_person(world: ErasingWorld) -> None:
    flight = await _live(world, 0, "Her engine.", ADA)
    other = await _live(world, 1, "The pump.")
    await world.plan()
    drive = await _erasing(world, ADA)
    await _to_the_end(world, drive)
    builds = await world.builds()
    assert [build.state for build in builds if build.state is not BuildState.DROPPED] == [BuildState.ACTIVE]
    assert world.holds(flight.version_id) == 0
    assert world.holds(other.version_id) > 0
    assert await _texts(world) == ["The pump."]


async def test_two_erasures_of_one_document_end_both_and_bring_nobody_back(world: ErasingWorld) -> None:
    await _live(world, 0, f"The engine.\n\nBy {ADA}, for {BOB}.", ADA, BOB, EVE)
    drives = [await _erasing(world, ADA), await _erasing(world, BOB, ADA)]
    await _to_the_end(world, *drives)
    assert await world.left_of(BOTH) == {}
    assert [each for each in await _texts(world) if "The engine." in each]
    for drive in drives:
        assert (await world.request(drive.ref)).state is ErasureState.VERIFYING


async def test_two_erasures_of_others_in_one_document_do_not_refuse_each_others_text(world: ErasingWorld) -> None:
    await _live(world, 0, f"The engine.\n\nBy {ADA}, for {BOB}.", EVE)
    drives = [await _erasing(world, ADA), await _erasing(world, BOB)]
    await _to_the_end(world, *drives)
    assert await world.left_of(BOTH) == {}
    assert [each for each in await _texts(world) if "The engine." in each]
    for drive in drives:
        async with world.ledger.read() as uow:
            assert await uow.erasures.items(world.tenant_id, drive.ref.erasure_id, states=[ItemState.HELD]) == []


async def test_a_hold_in_the_middle_stops_what_is_not_destroyed_yet(world: ErasingWorld) -> None:
    await _live(world, 0, "Her engine.", ADA)
    drive = await _erasing(world, ADA)
    await _until(drive, "erase_store")
    await world.erasures.hold(world.admin, drive.ref.erasure_id, "court")
    await drive.step()
    await drive.step()
    async with world.ledger.read() as uow:
        stores = {each.store: each for each in await uow.erasures.stores(world.tenant_id, drive.ref.erasure_id)}
    keys = stores[StoreName.KEYS.value]
    assert (keys.located, keys.erased) == (1, 0)
    assert await _texts(world) == []
    await world.erasures.release(world.admin, drive.ref.erasure_id)
    drive.tell()
    await _to_the_end(world, drive)
    assert await world.left_of(BOTH) == {}


async def test_a_hold_while_it_discovers_is_no_dead_end(world: ErasingWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes between the look at the request and its first move, and is released before the next step."""
    await _live(world, 0, "Her engine.", ADA)
    drive = await _erasing(world, ADA)
    await _until(drive, "discover_subject")
    await world.held_at_next_unit(drive.ref)
    await drive.step()
    await world.erasures.release(world.admin, drive.ref.erasure_id)
    drive.tell()
    await _to_the_end(world, drive)
    assert (await world.request(drive.ref)).discovered_at
    assert await world.left_of(BOTH) == {}
