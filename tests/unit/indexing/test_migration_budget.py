"""What a migration may cost: its own calls only, and until it serves."""

import pytest

from lethe.errors import MigrationOverBudget
from lethe.model.ids import Id, new_id
from lethe.model.migrations import MigrationMove
from lethe.model.processors import ANSWERED, Operation, ProcessorCall
from tests.unit.indexing.migrating import Migrating, over
from tests.unit.indexing.world import World

OVER = MigrationOverBudget.code


@pytest.fixture
async def migrating(world: World) -> Migrating:
    return await over(world, "alpha beta")


async def test_one_that_has_cost_more_than_it_may_is_paused_until_it_may_cost_more(migrating: Migrating) -> None:
    """Others' calls of the same model are not its own, and once it serves they are everybody's."""
    world = migrating.world
    ref = await migrating.begun(budget_micros=1_000)
    for cost, about, code in ((9_000, new_id(), ""), (1_000, ref.build_id, ""), (1, ref.build_id, OVER)):
        await paid(world, cost, about)
        look = await migrating.runner.look(ref)
        assert (look.is_paused, look.is_counted, (await migrating.row(ref)).code) == (bool(code), True, code)
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.RESUME)
    assert (await migrating.runner.look(ref)).is_paused
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.RESUME, 2_000)
    assert not (await migrating.runner.look(ref)).is_paused
    await migrating.serving(ref)
    await paid(world, 9_000, ref.build_id)
    look = await migrating.runner.look(ref)
    assert (look.is_paused, look.is_counted, (await migrating.row(ref)).code) == (False, False, "")


async def paid(world: World, cost: int, about: Id) -> None:
    call = ProcessorCall(
        world.tenant_id, new_id(), "openai", "", "other", Operation.EMBED, 1, 1, ANSWERED,
        world.pipeline.clock.now(), cost_micros=cost,
    )  # fmt: skip
    async with world.ledger.write() as uow:
        await uow.processor_calls.add(call, {about})


async def test_what_is_embedded_for_a_migration_is_known_as_its_own(migrating: Migrating) -> None:
    ref = await migrating.begun()
    asked = migrating.world.other.origins
    assert asked
    assert all(origin is not None and ref.build_id in origin.refs for origin in asked)
    await migrating.judged(ref)
    assert all(origin is not None and ref.build_id in origin.refs for origin in asked)
    assert all(origin is None or ref.build_id not in origin.refs for origin in migrating.world.embedder.origins)


async def test_what_is_asked_once_more_is_no_use_of_whoever_asked_it(migrating: Migrating) -> None:
    question_id = await migrating.asked("alpha")
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed
    asked = [*migrating.world.embedder.origins, *migrating.world.other.origins]
    about = [origin for origin in asked if origin is not None and question_id in origin.refs]
    assert [origin.principal_id for origin in about] == [None, None]
