"""Actors of one tenant in an order that a seed decides, and what must hold while and after they act."""

import asyncio
import shutil
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from lethe.errors import ClientError, DocumentError, IllegalErasureMove, IndexBuildMissing
from lethe.model.erasures import ErasureState
from tests.conftest import settings_at
from tests.unit.erasing.driving import NEWS, TIMER, Drive
from tests.unit.erasing.scheduling import Actor, Schedule, ScheduledLedger
from tests.unit.erasing.standins import Flight
from tests.unit.erasing.world import ADA, BOB, EVE, ErasingWorld

DOCUMENTS: Final = 4
PEOPLE: Final = ((), (ADA,), (BOB,), (ADA, EVE), (ADA, BOB), (EVE,))
SAYING: Final = ("", "", f"\n\nWrite to {ADA}.", f"\n\nAsk {BOB} or {ADA}.")


@dataclass
class Wandering:
    """``working``: which drive or flight an actor works for."""

    world: ErasingWorld
    schedule: Schedule
    drives: list[Drive] = field(default_factory=list[Drive])
    working: dict[int, Actor] = field(default_factory=dict[int, Actor])
    facts: int = 0
    is_calm: bool = False

    @classmethod
    async def begin(cls, template: Path, folder: Path, seed: int) -> "Wandering":
        """In a copy of an empty state."""
        shutil.copytree(template, folder / "state")
        world = await ErasingWorld.begin(settings_at(folder / "state"), folder)
        ledger: Any = ScheduledLedger(world.ledger)
        world.opened = world.ledger
        world.ledger, world.pipeline = ledger, replace(world.pipeline, ledger=ledger)
        return cls(world, Schedule(Random(seed)))

    @property
    def random(self) -> Random:
        return self.schedule.random

    async def wander(self, steps: int) -> None:
        """Two requests begin on the way; the rest is chance."""
        for number in range(DOCUMENTS):
            await self._alone(self._upload(number))
            for flight in self.world.flights:
                await self._alone(self.world.fly(flight))
        begins = {steps // 10: (ADA,), steps // 4: (ADA, BOB)}
        while self.schedule.steps < steps:
            for at in [each for each in begins if self.schedule.steps >= each]:
                await self._alone(self._erase(*begins.pop(at)))
                await self.check()
            if self.schedule.actors and self.random.random() < 0.8:
                await self._step()
            else:
                await self._begin_something()
            if self.random.random() < 0.02:
                await self.check()

    async def _step(self) -> None:
        await self.schedule.step()

    async def _alone(self, work: Coroutine[Any, Any, object]) -> None:
        await self.schedule.finish(self.schedule.begin("alone", work))

    async def _begin_something(self) -> None:
        actions: list[tuple[int, Callable[[], Coroutine[Any, Any, None]]]] = [
            (20, self._drive_on),
            (8, self._fly_on),
            (1, self._upload_one),
            (1, self._patch),
            (1, self._hold_or_release),
            (1, self._replay),
            (2, self._land),
            (1, self._build_on),
            (1, self._kill),
        ]
        weights = [weight for weight, _ in actions]
        _, action = self.random.choices(actions, weights)[0]
        await action()

    # Who acts.

    async def _drive_on(self) -> None:
        """The next step of an erasure; it may run twice at once, as it does where a worker was thought dead."""
        waiting = [each for each in self.drives if not each.is_over and id(each) not in self.working]
        if not waiting:
            return
        drive = self.random.choice(waiting)
        stop = await drive.reached()
        if stop is None or not stop.is_ready():
            return
        if stop.name == TIMER:
            await self._end_of_writers()
            await drive.step()
        elif stop.name == NEWS:
            await drive.step()
        else:
            twice = not self.is_calm and self.random.random() < 0.1
            self.working[id(drive)] = self.schedule.begin("erasure", self._drive(drive, 2 if twice else 1))

    async def _drive(self, drive: Drive, times: int) -> None:
        await drive.step(times)
        del self.working[id(drive)]

    async def _end_of_writers(self) -> None:
        """What the drain waits for: no step runs longer than its timeout."""
        await self.schedule.finish(*[each for each in self.schedule.actors if each.name == "writer"])

    async def _fly_on(self) -> None:
        flying = [each for each in self.world.flights if not each.is_over and id(each) not in self.working]
        if flying:
            flight = self.random.choice(flying)
            self.working[id(flight)] = self.schedule.begin("writer", self._fly(flight))

    async def _fly(self, flight: Flight) -> None:
        await self.world.fly(flight, 1)
        del self.working[id(flight)]

    async def _upload_one(self) -> None:
        self.schedule.begin("writer", self._upload(self.random.randrange(DOCUMENTS)))

    async def _upload(self, number: int) -> None:
        self.facts += 1
        fact = f"Fact {self.facts} of pumps."
        people, says = self.random.choice(PEOPLE), self.random.choice(SAYING)
        with suppress(ClientError, DocumentError):
            await self.world.upload(number, fact + says, *people, fact=fact)

    async def _patch(self) -> None:
        self.schedule.begin("writer", self.world.change_readers(self.random.randrange(DOCUMENTS)))

    async def _erase(self, *mails: str) -> None:
        ref = await self.world.erase(*mails)
        self.drives.append(Drive(self.world.activities, ref, self.world.clock))

    async def _hold_or_release(self) -> None:
        if not self.drives:
            return
        drive = self.random.choice(self.drives)
        request = await self.world.request(drive.ref)
        change = self.world.erasures.hold
        arguments: tuple[object, ...] = ("court",)
        if request.state is ErasureState.HELD:
            change, arguments = self.world.erasures.release, ()
        elif request.state is ErasureState.VERIFYING or self.random.random() < 0.5:
            return
        with suppress(IllegalErasureMove):
            await change(self.world.admin, drive.ref.erasure_id, *arguments)
        if drive.workflow is not None:
            drive.tell()

    async def _replay(self) -> None:
        self.schedule.begin("writer", self.world.replay_letters())

    async def _land(self) -> None:
        """A write of before comes again, whoever sent it is gone."""
        with suppress(IndexBuildMissing):
            await self.world.land(self.random)

    async def _build_on(self) -> None:
        if not any(each.name == "build" for each in self.schedule.actors):
            self.schedule.begin("build", self.world.build_on())

    async def _kill(self) -> None:
        """A process ends; its step is done again by another one."""
        killable = [each for each in self.schedule.actors if each.name in {"erasure", "build"}]
        if killable:
            actor = self.random.choice(killable)
            await self.schedule.kill(actor)
            self.working = {key: each for key, each in self.working.items() if each is not actor}

    # What must hold.

    async def check(self) -> None:
        """From the fence on nothing is served that a request names, or that is about nobody else."""
        fenced = [mails for ref, mails in self.world.requests.items() if await self.world.is_fenced(ref)]
        about = {each.version_id: each.people for each in self.world.flights}
        for version_id, *shown in (await self.world.served()).values():
            for mails in fenced:
                assert not any(mail in text for mail in mails for text in shown), "an identifier is served"
                people = about.get(version_id, frozenset())
                assert not (people and people <= mails), "a version about the person alone is served"

    async def settle(self) -> None:
        """Everybody comes to an end; what is held is released."""
        self.is_calm = True
        await self.schedule.finish()
        for _ in range(3_000):
            await self.world.begun_by_rewriting()
            for drive in self.drives:
                if (await self.world.request(drive.ref)).state is ErasureState.HELD:
                    await self.world.erasures.release(self.world.admin, drive.ref.erasure_id)
                    drive.tell()
            for flight in [each for each in self.world.flights if not each.is_over]:
                await self._alone(self.world.fly(flight))
            if all(each.is_over for each in self.drives):
                return
            stops = [await drive.reached() for drive in self.drives if not drive.is_over]
            if all(stop is None or stop.name == TIMER for stop in stops):
                await self._alone(self.world.build_on())
                await self._alone(self.world.reap_uploads())
            await self._drive_on()
            await self.schedule.finish()
        raise AssertionError(f"no end: {[each.stop for each in self.drives]}")

    async def assert_ended(self) -> None:
        for ref in self.drives:
            request = await self.world.request(ref.ref)
            assert request.state is ErasureState.VERIFYING
            assert request.purged_at
            assert request.discovered_at
        await self._assert_gone("at once")
        for delay, moment in ((timedelta(minutes=2), "after the drain"), (timedelta(hours=24), "a day later")):
            self.world.clock.advance(delay)
            for _ in range(5):
                await self._land()
                await self._alone(self._upload(self.random.randrange(DOCUMENTS)))
            await self._alone(self.world.replay_letters())
            for flight in [each for each in self.world.flights if not each.is_over]:
                await self._alone(self.world.fly(flight))
            await self.check()
            await self.world.reap()
            await self._assert_gone(moment)

    async def _assert_gone(self, moment: str) -> None:
        left = await self.world.left_of(frozenset({ADA, BOB}))
        assert left == {}, f"{moment}: {left}"
        await self.check()
        await self._assert_others()

    async def _assert_others(self) -> None:
        served = [text for _, *shown in (await self.world.served()).values() for text in shown]
        for flights in self.world.arrived.values():
            last = flights[-1]
            if last.people and last.people <= {ADA, BOB}:
                continue
            if last.fact:
                assert any(last.fact in text for text in served), f"lost: {last}"

    async def close(self) -> None:
        self.schedule.close()
        for drive in self.drives:
            drive.task.cancel()
        await asyncio.sleep(0)
        await self.world.opened.close()
