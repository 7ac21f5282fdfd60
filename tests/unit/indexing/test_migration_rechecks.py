"""A migration that is held follows what comes; before it serves, that is compared as well."""

from dataclasses import replace

import pytest

from lethe.contracts.indexing import BuildRef
from lethe.model.migrations import MigrationMove, MigrationState
from lethe.privacy.erasure.fencing import hide
from lethe.settings import MigrationSettings
from tests.unit.indexing.migrating import Migrating, over, twice
from tests.unit.indexing.test_withheld_texts import choosy
from tests.unit.indexing.world import World


@pytest.fixture
async def migrating(world: World) -> Migrating:
    return await over(world, *twice("alpha", "beta", "gamma"))


@pytest.fixture
async def held(migrating: Migrating) -> BuildRef:
    """Judged, and its cutover ordered."""
    ref = await migrating.begun(is_automatic=False)
    assert (await migrating.judged(ref)).passed
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.CUTOVER)
    return ref


async def changed(migrating: Migrating) -> None:
    """One more, one otherwise, one deleted."""
    await migrating.world.write(3, "delta")
    await migrating.world.write(1, "epsilon\nzeta")
    await migrating.world.delete(2)


async def test_what_came_after_the_verdict_is_compared_and_it_serves(migrating: Migrating, held: BuildRef) -> None:
    await changed(migrating)
    await migrating.world.followed(held)
    embedded = len(migrating.world.other.texts)
    verified = await migrating.recheck.verify(held)
    assert (verified.failures, verified.is_void, verified.chunks) == ([], False, 7)
    assert migrating.world.other.texts[embedded:].count("delta") == 1, "embedded again, and compared"
    row = await migrating.row(held)
    assert (row.state, row.checked_seq) == (MigrationState.READY, await migrating.world.seq())
    assert (await migrating.recheck.verify(held)).chunks == 0
    assert (await migrating.world.cutover.close(held)).is_active


async def test_who_is_hidden_by_a_fence_meanwhile_refuses_no_build(migrating: Migrating, held: BuildRef) -> None:
    world = migrating.world
    await changed(migrating)
    await world.followed(held)
    async with world.ledger.write() as uow:
        await uow.tenants.lock(world.tenant_id)
        await hide(uow, world.tenant_id, [world.documents[3]], world.pipeline.clock.now())
    await world.followed(held)
    assert (await migrating.recheck.verify(held)).failures == []
    assert (await world.cutover.close(held)).is_active


@pytest.mark.parametrize("wrong", ["vectors_missing", "vectors_left", "vectors_moved"])
async def test_what_is_wrong_of_it_refuses_the_build(migrating: Migrating, held: BuildRef, wrong: str) -> None:
    world = migrating.world
    build = await world.build(held)
    removed = [item for item in world.memory.held(build).values() if item.document_id == world.documents[2]]
    await changed(migrating)
    await world.followed(held)
    new = next(item for item in world.memory.held(build).values() if item.document_id == world.documents[3])
    match wrong:
        case "vectors_missing":
            await world.index.delete_objects(build, [new.chunk_id])
        case "vectors_left":
            await world.index.upsert(build, removed)
        case _:
            await world.index.upsert(build, [replace(new, vector=removed[0].vector)])
    verified = await migrating.recheck.verify(held)
    row = await migrating.row(held)
    assert (verified.failures[0], row.state, row.code) == (wrong, MigrationState.REFUSED, wrong)
    assert (await migrating.runner.look(held)).is_aborted
    assert not (await world.cutover.close(held)).is_active


async def test_with_more_than_a_share_of_it_changed_it_is_judged_anew(migrating: Migrating, held: BuildRef) -> None:
    strict = replace(migrating, settings=MigrationSettings(latency_free_ms=60_000, sample_chunks=1, changed_most=0.5))
    await changed(migrating)
    await migrating.world.followed(held)
    verified = await strict.recheck.verify(held)
    assert (verified.is_void, (await migrating.row(held)).state) == (True, MigrationState.CHECKING)
    assert not (await migrating.runner.look(held)).is_judged
    assert not (await migrating.world.cutover.close(held)).is_active
    assert (await migrating.judged(held)).passed
    assert (await migrating.runner.look(held)).may_close, "its cutover stays ordered"
    assert (await migrating.world.cutover.close(held)).is_active


async def test_a_text_that_is_refused_after_the_verdict_is_told(migrating: Migrating) -> None:
    world = choosy(migrating, "delta")
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed
    assert (await migrating.runner.look(ref)).may_close
    await world.write(3, "delta")
    await world.followed(ref)
    assert (await migrating.recheck.verify(ref)).failures == []
    look, row = await migrating.runner.look(ref), await migrating.row(ref)
    assert (look.may_close, row.code, row.report["refused"]) == (False, "texts_refused", 1)


async def test_a_build_that_is_lost_meanwhile_is_left_to_its_cutover(migrating: Migrating, held: BuildRef) -> None:
    world = migrating.world
    await changed(migrating)
    await world.followed(held)
    await world.index.drop_build(await world.build(held))
    assert (await migrating.recheck.verify(held)).failures == []
    assert not (await world.cutover.close(held)).is_active
    assert (await migrating.row(held)).state is MigrationState.BUILDING


@pytest.mark.parametrize(("text", "is_compared"), [("delta", True), ("delta\nzeta", False)])
async def test_no_more_than_a_little_of_what_came_at_last_is_served_uncompared(
    migrating: Migrating, held: BuildRef, text: str, is_compared: bool
) -> None:
    world = migrating.world
    cutover = replace(world.cutover, gate=MigrationSettings(sample_chunks=1, uncompared_most=0.0))
    await migrating.recheck.verify(held)
    await world.write(3, text)
    closed = await cutover.close(held)
    assert (closed.is_active, closed.is_uncompared) == (is_compared, not is_compared)
    if not is_compared:
        assert (await migrating.runner.look(held)).may_close
        row = await migrating.row(held)
        assert (row.state, row.code, row.move) == (MigrationState.READY, "not_compared_yet", MigrationMove.CUTOVER)
        assert (await migrating.recheck.verify(held)).chunks == 2
        assert (await migrating.row(held)).code == ""
        assert (await cutover.close(held)).is_active
