"""The worker dies around and within each step of an erasure: every time the end is that of an undisturbed one.

A death before a step is its first beginning; one after it is the step done twice; one within it is a step that ended
between two of its units of work and is done from its beginning.
"""

from random import Random
from typing import Any

import pytest

from lethe.model.erasures import ErasureState
from tests.unit.erasing.driving import NEWS, TIMER, Drive
from tests.unit.erasing.scheduling import Schedule, ScheduledLedger
from tests.unit.erasing.world import ADA, EVE, ErasingWorld

Ended = tuple[list[str], dict[str, tuple[int, int, int, int]], dict[str, list[str]]]

EXPECTED_TEXTS = ["The engine.\n\nBy [email].", "The pump."]


async def _peopled(world: ErasingWorld) -> Drive:
    for number, text, people in (
        (0, "Her notes.", (ADA,)),
        (1, f"The engine.\n\nBy {ADA}.", (ADA, EVE)),
        (2, "The pump.", ()),
    ):
        flight = await world.upload(number, text, *people)
        assert flight
        await world.fly(flight)
    return Drive(world.activities, await world.erase(ADA), world.clock)


async def _end(world: ErasingWorld, drive: Drive) -> Ended:
    request = await world.request(drive.ref)
    assert request.state is ErasureState.VERIFYING
    async with world.ledger.read() as uow:
        stores = await uow.erasures.stores(world.tenant_id, drive.ref.erasure_id)
    texts = sorted(text for _, text, *_ in (await world.served()).values())
    told = {each.store: (each.located, each.erased, each.held, each.remaining) for each in stores}
    return texts, told, await world.left_of(frozenset({ADA}))


async def _others(world: ErasingWorld) -> None:
    await world.begun_by_rewriting()
    for flight in world.flights:
        await world.fly(flight)
    await world.build_on()


async def _run(world: ErasingWorld, drive: Drive, deaths: str) -> Ended:
    schedule = Schedule(Random(0))
    ledger: Any = world.ledger
    died = 0
    for _ in range(200):
        stop = await drive.reached()
        if stop is None:
            assert died == (0 if deaths == "none" else drive.steps)
            return await _end(world, drive)
        if stop.name in {TIMER, NEWS}:
            await _others(world)
        elif deaths == "within":
            world.on(ScheduledLedger(ledger))
            actor = schedule.begin("dying", stop.go())
            for _ in range(1 + died % 4):
                if not actor.is_over:
                    await schedule.step(actor)
            if actor in schedule.actors:
                await schedule.kill(actor)
            world.on(ledger)
            died += 1
        elif deaths == "after":
            died += 1
        await drive.step(2 if deaths == "after" and stop.name not in {TIMER, NEWS} else 1)
    raise AssertionError(drive.stop)


@pytest.mark.parametrize("deaths", ["none", "after", "within"])
async def test_a_death_at_every_step_changes_nothing_of_the_end(world: ErasingWorld, deaths: str) -> None:
    drive = await _peopled(world)
    texts, stores, left = await _run(world, drive, deaths)
    assert texts == EXPECTED_TEXTS
    assert left == {}
    assert {name: each for name, each in stores.items() if each[1] + each[2] != each[0] or each[2] or each[3]} == {}
    assert drive.steps >= 25
