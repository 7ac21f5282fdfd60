"""Migrations and what comes in between: purges, the next migration, stores that lose a build, moves at the cutover."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.contracts.indexing import BuildPlan, BuildRef, TakeBack
from lethe.contracts.migrations import CheckStep, JudgeStep, VectorTally
from lethe.errors import IndexBuildInProgress, IndexBuildStateConflict
from lethe.indexing.rebuilding import Rebuilding
from lethe.model.ids import new_id
from lethe.model.indexes import BuildKind, BuildState
from lethe.model.migrations import MigrationMove, MigrationState
from tests.unit.indexing.migrating import Migrating, over, twice
from tests.unit.indexing.world import World


@pytest.fixture
async def migrating(world: World) -> Migrating:
    return await over(world, *twice("alpha", "beta", "gamma"))


async def purged(world: World) -> BuildRef:
    """What an erasure begins, and its build filled."""
    clock = world.pipeline.clock
    assert isinstance(clock, FakeClock)
    since = clock.advance(timedelta(seconds=1))
    assert not await Rebuilding(world.planner).rebuild(world.tenant_id, BuildKind.VECTOR, since)
    coming = next(build for build in await world.builds() if build.state is BuildState.BUILDING)
    await world.followed(world.ref(coming))
    return world.ref(coming)


@pytest.mark.parametrize("lags", [False, True])
async def test_a_purge_planned_while_it_soaks_does_not_undo_the_rollback(migrating: Migrating, lags: bool) -> None:
    world = migrating.world
    (old,), ref = await world.builds(), await migrating.begun()
    await migrating.serving(ref)
    purge = await purged(world)
    if lags:
        await world.write(1, "delta")
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK)
    if lags:
        assert await world.cutover.take_back(await world.back_to(world.ref(old)))
    assert (await world.cutover.close(purge)).is_over
    assert (await world.reading(await world.seq())).id == old.id
    again = await purged(world)
    assert (await world.build(again)).spec == old.spec, "the bytes go with a build of the model that serves"
    assert (await world.cutover.close(again)).is_active


async def test_a_purge_of_the_same_model_is_not_begun_anew_by_a_rollback(migrating: Migrating) -> None:
    world = migrating.world
    ref = await migrating.begun(world.embedder.spec.key)
    await migrating.serving(ref)
    purge = await purged(world)
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK)
    assert (await world.cutover.close(purge)).is_active


async def test_a_build_is_not_planned_from_one_that_was_taken_back_meanwhile(
    migrating: Migrating, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = migrating.world
    ref = await migrating.begun()
    await migrating.serving(ref)
    create = world.index.create_build

    async def taken_back_first(*args: object) -> None:
        await create(*args)  # pyright: ignore[reportArgumentType]
        await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK)

    monkeypatch.setattr(world.index, "create_build", taken_back_first)
    wish = BuildPlan(tenant_id=world.tenant_id, build_id=new_id(), kind=BuildKind.VECTOR)
    with pytest.raises(IndexBuildInProgress):
        await world.planner.plan(wish, dispatches=False)


async def test_a_late_rollback_does_not_undo_the_next_migration(migrating: Migrating) -> None:
    world = migrating.world
    (old,), first = await world.builds(), await migrating.begun()
    await migrating.serving(first)
    await migrating.migrations.move(migrating.caller, first.build_id, MigrationMove.ROLLBACK)
    second = await migrating.begun()
    await migrating.serving(second)
    late = TakeBack(tenant_id=world.tenant_id, build_id=old.id, serving=first.build_id)
    with pytest.raises(IndexBuildStateConflict):
        await world.cutover.take_back(late)
    assert (await world.reading(await world.seq())).id == second.build_id
    await world.cutover.finish(first)
    await migrating.runner.settle(first)
    assert (await migrating.row(first)).state is MigrationState.ROLLED_BACK
    standing = await migrating.migrations.move(migrating.caller, second.build_id, MigrationMove.ROLLBACK)
    assert (standing.migration.state, standing.lag) == (MigrationState.ROLLED_BACK, 0)
    assert (await world.reading(await world.seq())).id == old.id


async def test_nothing_serves_that_was_not_judged(migrating: Migrating) -> None:
    ref = await migrating.begun()
    assert not (await migrating.world.cutover.close(ref)).is_active
    assert (await migrating.row(ref)).state is MigrationState.BUILDING
    assert not (await migrating.runner.look(ref)).is_judged


async def test_a_pause_that_is_taken_holds_up_the_cutover_that_is_under_way(migrating: Migrating) -> None:
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed
    assert (await migrating.runner.look(ref)).may_close
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.PAUSE)
    closed = await migrating.world.cutover.close(ref)
    assert (closed.is_active, closed.is_over) == (False, False)
    assert (await migrating.runner.look(ref)).is_paused
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.RESUME)
    assert (await migrating.world.cutover.close(ref)).is_active
    row = await migrating.row(ref)
    assert (row.state, row.cut_over_at is not None) == (MigrationState.SOAKING, True), "in the commit of the cutover"


async def test_an_abort_that_is_taken_is_done_however_near_the_cutover_is(migrating: Migrating) -> None:
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed
    assert (await migrating.runner.look(ref)).may_close
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ABORT)
    assert not (await migrating.world.cutover.close(ref)).is_active
    assert (await migrating.runner.look(ref)).is_aborted
    assert (await migrating.world.cutover.abort(ref)).builds == [ref.build_id]
    await migrating.runner.settle(ref)
    assert (await migrating.row(ref)).state is MigrationState.ABORTED


async def test_what_was_refused_stays_refused_however_it_is_judged_again(migrating: Migrating) -> None:
    world = migrating.world
    ref = await migrating.begun()
    build = await world.build(ref)
    item = next(iter(world.memory.held(build).values()))
    await world.index.upsert(build, [replace(item, vector=item.vector * 2)])
    first = await migrating.judged(ref)
    await world.index.upsert(build, [item])
    again = await migrating.gate.judge(JudgeStep(**ref.model_dump(), tally=VectorTally()))
    assert (again.passed, again.failures) == (False, first.failures)
    assert not (await world.cutover.close(ref)).is_active
    assert (await migrating.runner.look(ref)).is_aborted
    assert (await migrating.row(ref)).state is MigrationState.REFUSED


async def test_a_build_that_is_lost_after_its_verdict_is_judged_again_before_it_serves(migrating: Migrating) -> None:
    world = migrating.world
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed
    await world.index.drop_build(await world.build(ref))
    assert not (await world.cutover.close(ref)).is_active
    await world.followed(ref)
    await world.assert_equal(await world.build(ref))
    assert not (await world.cutover.close(ref)).is_active
    look, row = await migrating.runner.look(ref), await migrating.row(ref)
    assert (look.is_judged, row.state, row.report) == (False, MigrationState.BUILDING, {})
    await migrating.serving(ref)


async def test_a_cutover_that_was_ordered_stays_so_while_a_lost_build_is_filled_again(migrating: Migrating) -> None:
    world, ref = migrating.world, await migrating.begun(is_automatic=False)
    assert (await migrating.judged(ref)).passed
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.CUTOVER)
    await world.index.drop_build(await world.build(ref))
    assert not (await world.cutover.close(ref)).is_active
    standing = await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.CUTOVER)
    assert (standing.migration.state, standing.migration.move) == (MigrationState.BUILDING, MigrationMove.CUTOVER)
    await world.followed(ref)
    assert (await migrating.judged(ref)).passed
    assert (await migrating.runner.look(ref)).may_close


async def test_a_build_that_is_lost_while_it_is_checked_is_neither_passed_nor_refused(migrating: Migrating) -> None:
    world = migrating.world
    ref = await migrating.begun()
    checked = await migrating.gate.check.step(CheckStep(**ref.model_dump()))
    await world.index.drop_build(await world.build(ref))
    assert (await migrating.gate.check.step(CheckStep(**ref.model_dump()))).is_lost
    judged = await migrating.gate.judge(JudgeStep(**ref.model_dump(), tally=checked.tally))
    assert (judged.passed, judged.is_lost) == (False, True)
    assert (await migrating.row(ref)).state is MigrationState.BUILDING


@pytest.mark.parametrize("moment", ["before", "while"])
async def test_a_build_that_was_dropped_is_not_made_again_by_its_follower(
    migrating: Migrating, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """It is retired while the follower has read it already, before or while that makes it again."""
    world = migrating.world
    (old,), ref = await world.builds(), await migrating.begun()
    await migrating.serving(ref)
    await world.write(0, "delta")
    create = world.index.create_build

    async def dropped() -> None:
        await world.cutover.finish(ref)
        assert (await world.build(world.ref(old))).state is BuildState.DROPPED

    async def made_too_late(*args: object) -> None:
        await dropped()
        await create(*args)  # pyright: ignore[reportArgumentType]

    if moment == "before":
        world.memory.before = dropped
    else:
        await world.index.drop_build(old)
        monkeypatch.setattr(world.index, "create_build", made_too_late)
    assert (await world.follower.step(world.ref(old))).lag == 0
    assert (await world.build(world.ref(old))).state is BuildState.DROPPED
    assert not await world.index.exists(old)
