"""Each guard of an erasure taken away in turn: what it guards from happens, and is seen."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import pytest

from lethe.adapters.sql.repositories.erasures import SqlSuppressions
from lethe.contracts.erasure import Discovered, ErasureRound
from lethe.errors import LetheError
from lethe.indexing.following import Follower
from lethe.ingestion.steps import indexing, pipeline
from lethe.model.documents import Document, Version
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.erasure.discovery import Discovery
from tests.unit.erasing.driving import TIMER, Drive
from tests.unit.erasing.world import ADA, EVE, ErasingWorld

Scenario = Callable[[ErasingWorld], Awaitable[None]]
discover: Final = Discovery.discover
SEEN: Final[dict[Id, Version]] = {}


async def _erased(world: ErasingWorld, drive: Drive | None = None, until: str = "") -> None:
    """To the end, or to the step of that name."""
    drive = drive or Drive(world.activities, await world.erase(ADA), world.clock)
    for _ in range(200):
        stop = await drive.reached()
        if stop is None or stop.name == until:
            return
        if stop.name == TIMER and drive.drained:
            await world.build_on()
        await drive.step()


async def _across_the_fence(world: ErasingWorld) -> None:
    """A version about the person alone is almost in when the fence is raised, in a document of somebody else's."""
    first = await world.upload(0, "The pump.", EVE)
    coming = await world.upload(0, "Her notes.", ADA)
    assert first
    assert coming
    await world.fly(first)
    await world.fly(coming, 4)
    await world.erase(ADA)
    await world.fly(coming)
    assert [text for _, text, *_ in (await world.served()).values()] == ["The pump."]


async def _late_writer(world: ErasingWorld) -> None:
    """The whole first round comes between the two looks of a writer."""
    flight = await world.upload(0, "Her notes.", ADA)
    assert flight
    await world.fly(flight, 4)

    async def first_round() -> None:
        drive = Drive(world.activities, await world.erase(ADA), world.clock)
        while not drive.drained:
            await drive.step()

    world.memory.before = first_round
    await world.fly(flight, 1)
    assert world.objects_of(flight.version_id) == 0


async def _sent_again(world: ErasingWorld) -> None:
    await _erased(world)
    for people in ((ADA,), ()):
        try:
            flight = await world.upload(0, f"Write to {ADA}.", *people)
        except LetheError:
            continue
        assert flight
        await world.fly(flight)
    assert await world.left_of(frozenset({ADA})) == {}


async def _landed_while_draining(world: ErasingWorld) -> None:
    flight = await world.upload(0, "Her notes.", ADA)
    assert flight
    await world.fly(flight)
    drive = Drive(world.activities, await world.erase(ADA), world.clock)
    while not drive.drained:
        await drive.step()
    await world.land_all()
    await _erased(world, drive)
    assert world.holds(flight.version_id) == 0


async def _followed(world: ErasingWorld) -> None:
    """Everything is deleted between what the follower reads and what it writes."""
    flight = await world.upload(0, "Her notes.", ADA)
    assert flight
    await world.fly(flight)
    ref = await world.plan()
    drive = Drive(world.activities, await world.erase(EVE), world.clock)
    await _erased(world, drive, until="purge_stores")

    async def deleted() -> None:
        async with world.ledger.write() as uow:
            version = await uow.versions.get(world.tenant_id, flight.version_id)
        assert version
        await world.activities().taking_out.remover.withdraw(world.tenant_id, [version.document_id], [version.id])
        await world.activities().taking_out.remover.remove(world.tenant_id, [version.document_id], [version.id])

    world.memory.before = deleted
    await world.follower.step(ref)
    assert world.objects_of(flight.version_id) == 0


def _no_epoch(document: Document | None, version: Version) -> bool:
    return document is not None and document.deleted_at is None and document.live_submission <= version.submission


async def _all_wanted(uow: UnitOfWork, tenant_id: Id, version_ids: Sequence[Id]) -> dict[Id, Version]:
    """As at the first look."""
    SEEN.update(await uow.versions.get_many(tenant_id, version_ids))
    return {each: SEEN[each] for each in version_ids}


async def _nothing_suppressed(self: object, tenant_id: Id, tags: object = ()) -> frozenset[str]:
    return frozenset()


async def _one_round(self: Discovery, now: ErasureRound) -> Discovered:
    return Discovered() if now.round > 1 else await discover(self, now)


async def _never_again(self: Follower, build: IndexBuild, version_ids: Sequence[Id], *_: object) -> Sequence[Id]:
    return []


MUTANTS: Final[dict[str, tuple[Scenario, list[tuple[Any, str, Any]]]]] = {
    "epoch": (_across_the_fence, [(pipeline, "is_wanted", _no_epoch)]),
    "second check": (_late_writer, [(indexing, "wanted_of", _all_wanted)]),
    "suppression": (
        _sent_again,
        [(SqlSuppressions, "found", _nothing_suppressed), (SqlSuppressions, "all", _nothing_suppressed)],
    ),
    "drain": (_landed_while_draining, [(Discovery, "discover", _one_round)]),
    "follower": (_followed, [(Follower, "_changed_since", _never_again)]),
}


@pytest.mark.parametrize("guard", MUTANTS)
@pytest.mark.parametrize("is_taken_away", [False, True])
async def test_a_guard_is_missed(
    world: ErasingWorld, guard: str, is_taken_away: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, changes = MUTANTS[guard]
    if not is_taken_away:
        await scenario(world)
        return
    for place, name, mutant in changes:
        monkeypatch.setattr(place, name, mutant)
    with pytest.raises(AssertionError):
        await scenario(world)
