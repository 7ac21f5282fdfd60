"""MigrateEmbeddings: what it followed after its verdict is looked at before it serves."""

from temporalio.client import Client

from lethe.contracts.indexing import BuildRef, Closed
from lethe.contracts.migrations import MigrationLook, MigrationOpened
from tests.workflows.scripted import replayed
from tests.workflows.scripted_migrations import ScriptedMigration
from tests.workflows.test_migrations import started, until, without_looks
from workflows.migrations import MigrateEmbeddings
from workflows.policies import HELD


async def test_held_for_so_long_that_its_verdict_is_void_it_is_judged_anew(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.voids = 1
    scripted.closings = [Closed()]
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    steps = ("check_migration", "judge_migration", "verify_migration", "close_build")
    assert [call for call in scripted.calls if call in steps] == 2 * ["check_migration", *steps]


async def test_what_came_after_its_verdict_may_be_for_somebody_to_decide(client: Client) -> None:
    scripted = ScriptedMigration()

    async def doubtful(ref: BuildRef) -> None:
        scripted.look = MigrationLook(may_close=scripted.calls.count("verify_migration") > 1)

    scripted.on_verify = doubtful
    async with scripted.running(client):
        handle = await started(client)
        await until(scripted, "verify_migration")
        await until(scripted, "follow_build", 3)
        assert "close_build" not in scripted.calls
        scripted.look = MigrationLook(may_close=True)
        await handle.signal(MigrateEmbeddings.look)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert scripted.calls.count("verify_migration") == 2


async def test_what_came_after_its_verdict_and_is_wrong_is_never_served(client: Client) -> None:
    scripted = ScriptedMigration()

    async def refused(ref: BuildRef) -> None:
        scripted.look = MigrationLook(is_aborted=True)

    scripted.on_verify = refused
    async with scripted.running(client):
        handle = await started(client)
        assert not (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-3:] == ["verify_migration", "abort_build", "settle_migration"]


async def test_what_came_while_it_was_compared_is_compared_as_well_and_nothing_else(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.closings = [Closed(is_uncompared=True)]
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    steps = ("reconcile_build", "check_migration", "judge_migration", "verify_migration", "close_build")
    once = [call for call in scripted.calls if call in steps[:3]]
    assert [call for call in scripted.calls if call in steps] == [*once, *2 * steps[3:]]
    assert once.count("judge_migration") == 1


async def test_while_more_comes_than_is_compared_it_rests_and_in_the_end_goes(client: Client) -> None:
    """An erasure's purge waits for it."""
    scripted = ScriptedMigration()
    scripted.opened_as = MigrationOpened(stall_seconds=600.0)
    scripted.closings = [Closed(is_uncompared=True)] * 1_000
    async with scripted.running(client):
        handle = await started(client)
        assert not (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-2:] == ["abort_build", "settle_migration"]
    assert scripted.codes == ["not_compared_yet"]
    assert 2 < scripted.calls.count("verify_migration") <= 600 / HELD.total_seconds() + 1
