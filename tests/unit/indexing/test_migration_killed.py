"""A worker that dies within any step of a migration: done again, it ends where an undisturbed one does."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any

import pytest

from lethe.contracts.indexing import BuildRef
from lethe.model.ids import Id
from lethe.model.indexes import BuildState, IndexBuild
from lethe.model.migrations import MigrationMove, MigrationState
from lethe.settings import Settings
from tests.unit.indexing.corpus import InterruptedIndex, KilledError
from tests.unit.indexing.migrating import Migrating, over, twice
from tests.unit.indexing.world import World

Step = Callable[[], Awaitable[Any]]


class Mortal(InterruptedIndex):
    """The process ends once after the call of this name, when the store has done it and the ledger says nothing."""

    dies_after = ""

    def _end(self, call: str) -> None:
        if call == self.dies_after:
            self.dies_after = ""
            raise KilledError

    async def create_build(self, build: IndexBuild, dims: int) -> None:
        await super().create_build(build, dims)
        self._end("create_build")

    async def upsert(self, build: IndexBuild, objects: Any) -> None:
        await super().upsert(build, objects)
        self._end("upsert")

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        deleted = await super().delete_versions(build, version_ids)
        self._end("delete_versions")
        return deleted

    async def drop_build(self, build: IndexBuild) -> None:
        await super().drop_build(build)
        self._end("drop_build")


@dataclass
class Deaths:
    """Runs a step, lets its worker die within it or before it can tell, and runs it again."""

    index: Mortal
    are_on: bool
    within: int = 0

    async def __call__(self, step: Step, dies_after: str = "") -> Any:
        if self.are_on:
            self.index.dies_after = dies_after
            try:
                await step()
            except KilledError:
                self.within += 1
        return await step()


@pytest.fixture
async def migrating(sqlite_settings: Settings) -> AsyncGenerator[Migrating]:
    world = await World.open(sqlite_settings, index=Mortal())
    yield await over(world, *twice("alpha", "beta", "gamma"))
    await world.close()


async def served(migrating: Migrating, deaths: Deaths) -> BuildRef:
    """Begun, filled, changed meanwhile, judged, held, cut over."""
    world = migrating.world
    ref = await migrating.planned(is_automatic=False)
    await deaths(lambda: migrating.runner.open(ref), "create_build")
    await deaths(lambda: world.follower.step(ref), "upsert")
    await world.delete(1)
    await world.write(0, "alpha\nwritten anew")
    await deaths(lambda: world.followed(ref), "delete_versions")
    await deaths(lambda: world.reconciled(ref))
    assert (await deaths(lambda: migrating.judged(ref))).passed
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.CUTOVER)
    await world.write(3, "delta")
    await deaths(lambda: world.followed(ref), "upsert")
    assert not (await deaths(lambda: migrating.recheck.verify(ref))).failures
    assert (await deaths(lambda: world.cutover.close(ref))).is_active
    return ref


@pytest.mark.parametrize("are_on", [False, True])
async def test_it_serves_and_nothing_of_what_it_replaced_is_left(migrating: Migrating, are_on: bool) -> None:
    world, (old,) = migrating.world, await migrating.world.builds()
    deaths = Deaths(mortal(world), are_on)
    ref = await served(migrating, deaths)
    await world.write(4, "epsilon")
    await deaths(lambda: world.follower.step(world.ref(old)), "upsert")
    await deaths(lambda: world.cutover.finish(ref), "drop_build")
    await deaths(lambda: migrating.runner.settle(ref))
    assert deaths.within == (6 if are_on else 0)
    await ended(migrating, ref, MigrationState.FINISHED)
    assert not await world.index.exists(old)


@pytest.mark.parametrize("are_on", [False, True])
async def test_it_is_taken_back_and_nothing_of_it_is_left(migrating: Migrating, are_on: bool) -> None:
    world, (old,) = migrating.world, await migrating.world.builds()
    deaths = Deaths(mortal(world), are_on)
    ref = await served(migrating, deaths)
    await world.write(2, "gamma\nonly now")
    back = await world.back_to(world.ref(old))
    await deaths(lambda: world.cutover.take_back(back), "upsert")
    await deaths(lambda: world.cutover.finish(ref), "drop_build")
    await deaths(lambda: migrating.runner.settle(ref))
    await ended(migrating, ref, MigrationState.ROLLED_BACK)
    assert (await world.reading(await world.seq())).id == old.id


@pytest.mark.parametrize("are_on", [False, True])
async def test_given_up_it_leaves_nothing(migrating: Migrating, are_on: bool) -> None:
    world, (old,) = migrating.world, await migrating.world.builds()
    deaths = Deaths(mortal(world), are_on)
    ref = await migrating.begun()
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ABORT)
    await deaths(lambda: world.cutover.abort(ref), "drop_build")
    await deaths(lambda: migrating.runner.settle(ref))
    await ended(migrating, ref, MigrationState.ABORTED)
    assert (await world.reading(await world.seq())).id == old.id


async def ended(migrating: Migrating, ref: BuildRef, state: MigrationState) -> None:
    """In this state, with one build that holds exactly what is served."""
    world, row = migrating.world, await migrating.row(ref)
    assert (row.state, row.move, row.ended_at is not None) == (state, None, True)
    # What was replaced stays for questions that began before.
    await world.remove()
    (left,) = await world.builds()
    assert left.state is BuildState.ACTIVE
    await world.assert_equal(left)
    async with world.ledger.read() as uow:
        dropped = await uow.builds.get(world.tenant_id, ref.build_id)
    assert dropped
    assert (dropped.state is BuildState.ACTIVE) is (state is MigrationState.FINISHED)


def mortal(world: World) -> Mortal:
    assert isinstance(world.index, Mortal)
    return world.index
