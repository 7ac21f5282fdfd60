"""MigrateEmbeddings: nothing serves before the gate; what is asked of it is done at the next step; it is settled."""

import asyncio

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from lethe.contracts.indexing import BuildOutcome, BuildPhase, Closed
from lethe.contracts.migrations import MigrationLook, MigrationOpened, MigrationRun
from lethe.model.ids import new_id
from tests.workflows.scripted import BUILD, replayed
from tests.workflows.scripted_migrations import ScriptedMigration
from workflows.index_builds import STEPS_PER_RUN, BuildIndex
from workflows.migrations import MigrateEmbeddings
from workflows.policies import HELD, Queue

OLD = new_id()


async def started(client: Client):
    run = MigrationRun(tenant_id=new_id(), build_id=new_id())
    return await client.start_workflow(
        MigrateEmbeddings.run, run, id=f"migrate-embeddings/{new_id()}", task_queue=Queue.CONTROL
    )


def without_looks(scripted: ScriptedMigration) -> list[str]:
    return [call for call in scripted.calls if call != "look_at_migration"]


async def until(scripted: ScriptedMigration, call: str, times: int = 1) -> None:
    while scripted.calls.count(call) < times:
        await asyncio.sleep(0.01)


async def test_it_is_checked_and_judged_before_it_serves_and_settled_at_the_end(client: Client) -> None:
    scripted = ScriptedMigration()
    async with scripted.running(client):
        handle = await started(client)
        assert await handle.result() == BuildOutcome(is_active=True, written=22, dropped=[BUILD])
        assert (await handle.query(BuildIndex.progress)).phase is BuildPhase.ENDED
        await replayed(handle)
    assert without_looks(scripted) == [
        "open_migration", "follow_build", "reconcile_build", "reconcile_build", "check_migration", "check_migration",
        "judge_migration", "follow_build", "verify_migration", "close_build", "finish_build", "settle_migration",
    ]  # fmt: skip
    assert scripted.checked == [20]


async def test_a_large_build_is_checked_to_its_end_however_often_the_workflow_continues_as_new(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.check_pages = STEPS_PER_RUN + 5
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
    assert scripted.checked == [10 * scripted.check_pages]


async def test_one_that_is_not_good_enough_is_dropped_and_never_served(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.passes = False
    async with scripted.running(client):
        handle = await started(client)
        assert not (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-3:] == ["judge_migration", "abort_build", "settle_migration"]
    assert "close_build" not in scripted.calls


async def test_one_that_the_store_lost_is_filled_checked_and_judged_again(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.losses = 1
    scripted.closings = [Closed()]
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    once = ["follow_build", "reconcile_build", "reconcile_build", "check_migration", "check_migration"]
    lost, passed = [*once, "judge_migration"], [*once, "judge_migration", "follow_build", "verify_migration"]
    assert without_looks(scripted) == [
        "open_migration", *lost, "close_build", *passed, "close_build", "finish_build", "settle_migration",
    ]  # fmt: skip
    assert scripted.checked == [20, 20], "each time from the beginning"


async def test_what_was_asked_at_the_cutover_is_heard_before_the_next_step(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.closings = [Closed()]
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert scripted.calls[scripted.calls.index("close_build") + 1] == "look_at_migration"


async def test_held_it_follows_until_its_cutover_is_asked_for(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = ScriptedMigration()
    scripted.look = MigrationLook(may_close=False)
    async with scripted.running(client):
        handle = await started(client)
        while scripted.calls.count("follow_build") < 3:
            await environment.sleep(HELD)
        assert "close_build" not in scripted.calls
        scripted.look = MigrationLook(may_close=True)
        await handle.signal(MigrateEmbeddings.look)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert scripted.calls.count("judge_migration") == 1


@pytest.mark.parametrize("is_paused", [False, True])
async def test_aborted_it_is_dropped_also_out_of_a_pause(client: Client, is_paused: bool) -> None:
    scripted = ScriptedMigration()
    scripted.follow_pages = 10_000
    scripted.look = MigrationLook(is_paused=is_paused)
    async with scripted.running(client):
        handle = await started(client)
        await until(scripted, "look_at_migration" if is_paused else "follow_build")
        scripted.look = MigrationLook(is_aborted=True)
        await handle.signal(MigrateEmbeddings.look)
        assert not (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-2:] == ["abort_build", "settle_migration"]
    assert "close_build" not in scripted.calls


async def test_it_is_taken_back_while_it_soaks(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.opened_as = MigrationOpened(soak_seconds=86_400.0)
    scripted.closings = [Closed(is_active=True, replaced=OLD, drop_after_seconds=1.0, soak_pause_seconds=1.0)]
    async with scripted.running(client):
        handle = await started(client)
        while OLD not in scripted.followed:
            await asyncio.sleep(0.01)
        scripted.look = MigrationLook(goes_back=True)
        await handle.signal(MigrateEmbeddings.look)
        assert not (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-3:] == ["roll_back_build", "finish_build", "settle_migration"]


async def test_a_way_back_that_would_lose_texts_is_given_up_and_it_soaks_on(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.opened_as = MigrationOpened(soak_seconds=86_400.0)
    scripted.closings = [Closed(is_active=True, replaced=OLD, drop_after_seconds=1.0, soak_pause_seconds=1.0)]
    scripted.look = MigrationLook(may_close=True, goes_back=True)
    scripted.fails["roll_back_build"] = ["texts_refused!"] * 1_000
    async with scripted.running(client):
        handle = await started(client)
        await until(scripted, "roll_back_build")
        scripted.look = MigrationLook()
        while OLD not in scripted.followed:
            await asyncio.sleep(0.01)
        scripted.look = MigrationLook(is_finished=True)
        await handle.signal(MigrateEmbeddings.look)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-2:] == ["finish_build", "settle_migration"]


async def test_without_a_way_back_it_ends_as_it_serves(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.opened_as = MigrationOpened(soak_seconds=86_400.0)
    scripted.closings = [Closed(is_active=True, replaced=OLD, drop_after_seconds=1.0, soak_pause_seconds=1.0)]
    scripted.look = MigrationLook(may_close=True, goes_back=True)
    scripted.fails["roll_back_build"] = ["index_build_state_conflict!"]
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert scripted.calls.count("roll_back_build") == 1
    assert without_looks(scripted)[-2:] == ["finish_build", "settle_migration"]


async def test_one_that_ended_before_it_began_does_nothing(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.opened_as = MigrationOpened(is_over=True)
    async with scripted.running(client):
        assert not (await (await started(client)).result()).is_active
    assert scripted.calls == ["open_migration", "settle_migration"]


@pytest.mark.parametrize("step", ["open_migration", "follow_build", "judge_migration"])
async def test_what_does_not_answer_does_not_keep_it_from_hearing_an_abort(client: Client, step: str) -> None:
    scripted = ScriptedMigration()
    scripted.fails[step] = ["index_unavailable"] * 1_000
    async with scripted.running(client):
        handle = await started(client)
        await until(scripted, step)
        scripted.look = MigrationLook(is_aborted=True)
        assert not (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-2:] == ["abort_build", "settle_migration"]
    assert (scripted.codes, scripted.calls.count(step) < 10) == ([""], True)


async def test_a_model_without_an_answer_ends_it_in_time_so_that_erasures_do_not_wait(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.opened_as = MigrationOpened(stall_seconds=600.0)
    scripted.fails["follow_build"] = ["embedder_unavailable"] * 1_000
    async with scripted.running(client):
        handle = await started(client)
        assert not (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-2:] == ["abort_build", "settle_migration"]
    assert scripted.codes == ["embedder_unavailable"]


async def test_an_outage_of_its_model_is_waited_out(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.fails["follow_build"] = ["embedder_unavailable"] * 10
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert scripted.codes == [""]


@pytest.mark.parametrize("step", ["open_migration", "judge_migration"])
async def test_what_fails_for_good_ends_it_with_its_code(client: Client, step: str) -> None:
    scripted = ScriptedMigration()
    scripted.fails[step] = ["provider_not_allowed!"]
    async with scripted.running(client):
        handle = await started(client)
        assert not (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-2:] == ["abort_build", "settle_migration"]
    assert scripted.codes == ["provider_not_allowed"]


async def test_given_up_in_the_moment_of_its_cutover_it_serves_and_says_nothing_else(client: Client) -> None:
    """The commit was made, its answer lost, and what was tried next failed for good."""
    scripted = ScriptedMigration()
    scripted.fails["close_build"] = ["internal_error!"]
    scripted.fails["abort_build"] = ["index_build_state_conflict!"]
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-5:] == [
        "close_build", "abort_build", "close_build", "finish_build", "settle_migration",
    ]  # fmt: skip


async def test_the_model_that_serves_is_waited_for_only_so_long(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.fails["judge_migration"] = ["embedder_unavailable"] * 30
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert [step.is_last for step in scripted.judged] == [False] * 30 + [True]


async def test_the_soak_ends_though_what_was_replaced_cannot_follow(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.opened_as = MigrationOpened(soak_seconds=86_400.0)
    scripted.closings = [Closed(is_active=True, replaced=OLD, drop_after_seconds=1.0, soak_pause_seconds=1.0)]
    async with scripted.running(client):
        handle = await started(client)
        await until(scripted, "close_build")
        scripted.fails["follow_build"] = ["embedder_unavailable"] * 1_000
        await until(scripted, "follow_build", scripted.calls.count("follow_build") + 1)
        scripted.look = MigrationLook(is_finished=True)
        assert (await handle.result()).is_active
        await replayed(handle)
    assert without_looks(scripted)[-2:] == ["finish_build", "settle_migration"]


async def test_with_a_budget_it_looks_before_each_step(client: Client) -> None:
    scripted = ScriptedMigration()
    scripted.follow_pages = 5
    scripted.look = MigrationLook(may_close=True, is_counted=True)
    async with scripted.running(client):
        handle = await started(client)
        assert (await handle.result()).is_active
        await replayed(handle)
    followed = [place for place, call in enumerate(scripted.calls) if call == "follow_build"]
    assert len(followed) == 6, "once more before it serves"
    assert {scripted.calls[place - 1] for place in followed} == {"look_at_migration"}
