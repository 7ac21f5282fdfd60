"""What migrations leave behind goes in its time: vectors that no index has any more, and their own rows."""

from datetime import timedelta

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.contracts.indexing import BuildRef
from lethe.indexing.migration.expiring import PAGE, expire_migrations
from lethe.settings import MigrationSettings
from tests.unit.indexing.migrating import Migrating, over
from tests.unit.indexing.world import World

SETTINGS = MigrationSettings(latency_free_ms=60_000, vector_days=30, history_days=365)


@pytest.fixture
async def migrating(world: World) -> Migrating:
    return await over(world, "alpha\nbeta\ngamma", gate=SETTINGS)


async def finished(migrating: Migrating) -> BuildRef:
    ref = await migrating.begun()
    await migrating.serving(ref)
    await migrating.world.cutover.finish(ref)
    await migrating.runner.settle(ref)
    return ref


async def aborted(migrating: Migrating) -> BuildRef:
    ref = await migrating.begun()
    await migrating.world.cutover.abort(ref)
    await migrating.runner.settle(ref)
    return ref


async def after(migrating: Migrating, days: float) -> int:
    """That much later, as often as it is run; how many migrations are forgotten."""
    clock = migrating.world.pipeline.clock
    assert isinstance(clock, FakeClock)
    clock.advance(timedelta(days=days))
    return await expire_migrations(migrating.world.ledger, clock, SETTINGS)


async def kept(world: World) -> dict[str, int]:
    """How many vectors the ledger has of each of the two models."""
    async with world.ledger.read() as uow:
        (document,) = (await uow.documents.get_many(world.tenant_id, list(world.documents.values()))).values()
        version_id = document.live_version_id or ""
        return {
            name: len(await uow.chunks.vectors(world.tenant_id, version_id, model.spec.key))
            for name, model in (("first", world.embedder), ("other", world.other))
        }


async def test_vectors_of_a_model_that_no_index_has_any_more_go_in_their_time_and_the_row_after_them(
    migrating: Migrating,
) -> None:
    await finished(migrating)
    assert (await after(migrating, 29), await kept(migrating.world)) == (0, {"first": 3, "other": 3})
    assert (await after(migrating, 2), await kept(migrating.world)) == (0, {"first": 0, "other": 3})
    assert await after(migrating, 300) == 0
    assert (await after(migrating, 40), await kept(migrating.world)) == (1, {"first": 0, "other": 3})


async def test_what_was_embedded_for_one_that_was_given_up_is_kept_for_the_next(migrating: Migrating) -> None:
    await aborted(migrating)
    await after(migrating, 20)
    await aborted(migrating)
    texts = len(migrating.world.other.texts)
    assert (await after(migrating, 20), await kept(migrating.world)) == (0, {"first": 3, "other": 3})
    await aborted(migrating)
    assert len(migrating.world.other.texts) == texts
    await after(migrating, 31)
    assert await kept(migrating.world) == {"first": 3, "other": 0}


async def test_while_a_replaced_index_is_kept_its_vectors_are(migrating: Migrating) -> None:
    await aborted(migrating)
    ref = await migrating.begun()
    await migrating.serving(ref)
    await after(migrating, 31)
    assert await kept(migrating.world) == {"first": 3, "other": 3}


async def test_more_than_a_page_goes(migrating: Migrating) -> None:
    await migrating.world.write(0, "\n".join(f"line {number}" for number in range(PAGE + 1)))
    await finished(migrating)
    await after(migrating, 31)
    assert await kept(migrating.world) == {"first": 0, "other": PAGE + 1}
