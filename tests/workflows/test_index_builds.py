"""BuildIndex: every page, wherever a run ends; the cutover as often as it takes; a way back; no drop too soon."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from lethe.contracts.indexing import BuildOutcome, BuildPhase, BuildRun, Closed, RebuildRun
from lethe.model.ids import new_id
from lethe.model.indexes import BuildKind
from tests.workflows.scripted import BUILD, Scripted, replayed
from workflows.index_builds import STEPS_PER_RUN, BuildIndex, RebuildIndex
from workflows.policies import Queue

OLD = new_id()


async def started(client: Client, state: BuildRun):
    return await client.start_workflow(BuildIndex.run, state, id=f"build-index/{new_id()}", task_queue=Queue.CONTROL)


def run_of(**fields: object) -> BuildRun:
    return BuildRun.model_validate({"tenant_id": new_id(), "build_id": new_id(), **fields})


@pytest.mark.parametrize("pages", [1, STEPS_PER_RUN + 1])
async def test_a_build_is_followed_to_its_end_serves_and_drops_what_it_replaces(client: Client, pages: int) -> None:
    scripted = Scripted()
    scripted.follow_pages = pages
    async with scripted.running(client):
        handle = await started(client, run_of())
        assert await handle.result() == BuildOutcome(is_active=True, written=10 * pages + 2, dropped=[BUILD])
        progress = await handle.query(BuildIndex.progress)
        assert (progress.phase, progress.lag) == (BuildPhase.ENDED, 0)
        await replayed(handle)
    assert scripted.calls.count("follow_build") == pages
    assert scripted.calls[-4:] == ["reconcile_build", "reconcile_build", "close_build", "finish_build"]


async def test_nothing_is_dropped_while_a_question_reads_it(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = Scripted()
    async with scripted.running(client):
        before = await environment.get_current_time()
        await (await started(client, run_of())).result()
        assert await environment.get_current_time() - before >= timedelta(seconds=60)


async def test_a_cutover_that_commits_come_before_is_tried_again_and_a_lost_build_is_over(client: Client) -> None:
    scripted = Scripted()
    scripted.closings = [Closed(), Closed(is_over=True)]
    async with scripted.running(client):
        outcome = await (await started(client, run_of())).result()
    assert outcome.is_active is False
    assert scripted.calls == [
        "follow_build", "reconcile_build", "reconcile_build", "close_build", "follow_build", "reconcile_build",
        "reconcile_build", "close_build",
    ]  # fmt: skip


async def test_paused_it_stands_still_and_aborted_it_is_dropped(client: Client) -> None:
    scripted = Scripted()
    scripted.follow_pages = 10_000
    async with scripted.running(client):
        handle = await started(client, run_of(is_paused=True))
        await handle.signal(BuildIndex.resume)
        while not scripted.calls:
            await asyncio.sleep(0.01)
        await handle.signal(BuildIndex.abort)
        outcome = await handle.result()
        await replayed(handle)
    assert (outcome.is_active, scripted.calls[-1]) == (False, "abort_build")
    assert "close_build" not in scripted.calls


async def test_while_it_soaks_the_replaced_build_follows_and_is_taken_back_when_asked(client: Client) -> None:
    scripted = Scripted()
    scripted.closings = [Closed(is_active=True, replaced=OLD, drop_after_seconds=1.0, soak_pause_seconds=1.0)]
    run = run_of(soak_seconds=86_400.0)
    async with scripted.running(client):
        handle = await started(client, run)
        while OLD not in scripted.followed:
            await asyncio.sleep(0.01)
        await handle.signal(BuildIndex.roll_back)
        outcome = await handle.result()
        await replayed(handle)
    assert outcome.is_active is False
    assert scripted.calls[-2:] == ["roll_back_build", "finish_build"]
    assert scripted.left == [run.build_id]


async def test_a_soak_ends_when_it_is_finished(client: Client) -> None:
    scripted = Scripted()
    scripted.closings = [Closed(is_active=True, replaced=OLD, drop_after_seconds=1.0, soak_pause_seconds=1.0)]
    async with scripted.running(client):
        handle = await started(client, run_of(soak_seconds=86_400.0, is_finished=True))
        assert (await handle.result()).is_active
    assert scripted.calls[-1] == "finish_build"


async def test_a_rebuild_waits_for_its_build_and_for_one_that_is_in_the_way(client: Client) -> None:
    scripted = Scripted()
    scripted.fails["plan_build"] = ["index_build_in_progress"]
    scripted.closings = [Closed(is_over=True)]
    async with scripted.running(client):
        handle = await client.start_workflow(
            RebuildIndex.run,
            RebuildRun(tenant_id=new_id(), kind=BuildKind.VECTOR),
            id=f"rebuild-index/{new_id()}",
            task_queue=Queue.CONTROL,
        )
        rebuilt = await handle.result()
        await replayed(handle)
    assert rebuilt.dropped == [BUILD]
    assert rebuilt.build_id == scripted.followed[-1]
    assert scripted.calls.count("plan_build") == 3


async def test_a_tenant_without_an_index_has_nothing_to_rebuild(client: Client) -> None:
    scripted = Scripted()
    scripted.has_index = False
    async with scripted.running(client):
        rebuilt = await client.execute_workflow(
            RebuildIndex.run,
            RebuildRun(tenant_id=new_id(), kind=BuildKind.KEYWORD),
            id=f"rebuild-index/{new_id()}",
            task_queue=Queue.CONTROL,
        )
    assert rebuilt.build_id is None


async def test_without_a_way_back_it_ends_as_it_serves(client: Client) -> None:
    """An erasure had the index made anew while the replaced build was kept."""
    scripted = Scripted()
    scripted.closings = [Closed(is_active=True, replaced=OLD, drop_after_seconds=1.0, soak_pause_seconds=1.0)]
    scripted.fails["roll_back_build"] = ["index_build_state_conflict!"]
    async with scripted.running(client):
        handle = await started(client, run_of(soak_seconds=86_400.0, goes_back=True))
        assert (await handle.result()).is_active
        await replayed(handle)
    assert scripted.calls[-2:] == ["roll_back_build", "finish_build"]


async def test_an_end_that_is_asked_for_too_late_changes_nothing(client: Client) -> None:
    """The build serves: an earlier run of the workflow cut over."""
    scripted = Scripted()
    scripted.fails["abort_build"] = ["index_build_state_conflict!"]
    async with scripted.running(client):
        handle = await started(client, run_of(is_aborted=True))
        assert await handle.result() == BuildOutcome(is_active=True, written=0, dropped=[BUILD])
        await replayed(handle)
    assert scripted.calls == ["abort_build", "close_build", "finish_build"]
