"""SyncSource: the steps of a round in their order, what ends one, and that none runs beside another."""

import asyncio

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from lethe.contracts.sync import Begun, Compared, Decided, NextStep, Removed, SourceRef, SyncOutcome, SyncRun
from lethe.model.ids import new_id
from lethe.model.syncs import SyncState
from tests.workflows.scripted import replayed
from tests.workflows.scripted_sync import INGESTION, ScriptedSync, round_of
from workflows.policies import Queue
from workflows.sync import SyncSource
from workflows.sync_schedules import ArrangeSource, SyncOnSchedule

TENANT = new_id()
ASKING = Compared(state=SyncState.NEEDS_ATTENTION, listed=1, vanished=9)


async def start(
    client: Client, source_id: str, *, is_scheduled: bool = False
) -> WorkflowHandle[SyncSource, SyncOutcome]:
    return await client.start_workflow(
        SyncSource.run,
        SyncRun(tenant_id=TENANT, source_id=source_id),
        id=f"sync-source/{TENANT}/{source_id}",
        task_queue=Queue.CONTROL,
    )


async def test_a_round_takes_in_before_it_deletes(client: Client) -> None:
    scripted = ScriptedSync(round_of(new_id()))
    scripted.intake, scripted.pages, scripted.brought_in = INGESTION, 2, [False, False, True]
    scripted.removed = [Removed(documents=50, is_more=True), Removed(documents=3, is_more=False)]
    scripted.fails["compare_source"] = ["source_unavailable"]
    async with scripted.running(client):
        handle = await start(client, new_id())
        assert (await handle.result()).rounds == 1
    own = [call for call in scripted.calls if not call.endswith("bulk")]
    assert own == [
        "begin_round",
        *["compare_source"] * 2,
        "apply_mapping",
        "begin_intake",
        *["take_items"] * 3,
        "close_intake",
        *["look_at_intake"] * 3,
        *["remove_vanished", "remove_deleted"] * 2,
        "finish_round",
        "begin_round",
    ]
    await replayed(handle)


async def test_a_dry_run_does_nothing(client: Client) -> None:
    scripted = ScriptedSync(round_of(new_id(), is_dry_run=True))
    async with scripted.running(client):
        handle = await start(client, new_id())
        await handle.result()
    assert scripted.calls == ["begin_round", "compare_source", "finish_round", "begin_round"]
    await replayed(handle)


async def test_a_round_that_was_left_is_not_compared_again(client: Client) -> None:
    scripted = ScriptedSync(round_of(new_id(), SyncState.INGESTING), round_of(new_id(), SyncState.DELETING))
    async with scripted.running(client):
        await (await start(client, new_id())).result()
    assert "compare_source" not in scripted.calls
    assert (scripted.calls.count("begin_intake"), scripted.calls.count("remove_vanished")) == (1, 2)


async def test_nothing_is_done_before_somebody_answers(client: Client) -> None:
    scripted = ScriptedSync(round_of(new_id()))
    scripted.compared = ASKING
    scripted.decisions = [Decided(is_decided=False, wait_seconds=600_000), Decided(is_decided=True)]
    async with scripted.running(client):
        handle = await start(client, new_id())
        while "look_at_decision" not in scripted.calls:
            await asyncio.sleep(0.01)
        assert {"begin_intake", "remove_vanished"}.isdisjoint(scripted.calls)
        await handle.signal(SyncSource.look)
        await handle.result()
    assert scripted.calls.index("remove_vanished") > scripted.calls.index("begin_intake")
    assert scripted.calls.count("compare_source") == 2
    assert scripted.ended == [""]
    await replayed(handle)


async def test_who_is_not_to_read_any_more_does_not_until_somebody_answers(client: Client) -> None:
    scripted = ScriptedSync(round_of(new_id()))
    scripted.compared = ASKING
    waiting = Decided(is_decided=False, wait_seconds=600_000)
    scripted.decisions = [waiting, waiting, Decided(is_decided=True)]
    async with scripted.running(client):
        handle = await start(client, new_id())
        for times in (1, 2):
            while scripted.calls.count("look_at_decision") < times:
                await asyncio.sleep(0.01)
            assert scripted.calls.count("apply_mapping") == times
            await handle.signal(SyncSource.look)
        await handle.result()
    assert scripted.calls.count("apply_mapping") == 4
    await replayed(handle)


async def test_readers_that_change_while_items_are_brought_in_are_told_at_once(client: Client) -> None:
    scripted = ScriptedSync(round_of(new_id()))
    scripted.intake, scripted.brought_in = INGESTION, [False] * 3
    async with scripted.running(client):
        handle = await start(client, new_id())
        while "look_at_intake" not in scripted.calls:
            await asyncio.sleep(0.01)
        await handle.signal(SyncSource.look)
        await handle.result()
    last_look = len(scripted.calls) - scripted.calls[::-1].index("look_at_intake")
    assert scripted.calls[:last_look].count("apply_mapping") == 2
    await replayed(handle)


async def test_a_question_that_nobody_answers_ends_the_round(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = ScriptedSync(round_of(new_id()))
    scripted.compared = ASKING
    scripted.decisions = [Decided(is_decided=False, wait_seconds=600_000), Decided(is_decided=False)]
    async with scripted.running(client):
        handle = await start(client, new_id())
        await handle.result()
    assert scripted.ended == ["sync_unanswered"]
    assert {"begin_intake", "remove_vanished"}.isdisjoint(scripted.calls)


@pytest.mark.parametrize("step", ["compare_source", "take_items"])
async def test_a_round_that_fails_says_why_and_deletes_nothing(client: Client, step: str) -> None:
    scripted = ScriptedSync(round_of(new_id()), round_of(new_id(), is_dry_run=True))
    scripted.intake = INGESTION
    scripted.fails[step] = ["source_access_denied!"]
    async with scripted.running(client):
        handle = await start(client, new_id())
        assert (await handle.result()).rounds == 2
    assert scripted.ended == ["source_access_denied", ""]
    assert "remove_vanished" not in scripted.calls
    await replayed(handle)


async def test_a_cancelled_round_is_recorded_so(client: Client) -> None:
    scripted = ScriptedSync(round_of(new_id()))
    scripted.compared = ASKING
    scripted.decisions = [Decided(is_decided=False, wait_seconds=600_000)]
    async with scripted.running(client):
        handle = await start(client, new_id())
        while "look_at_decision" not in scripted.calls:
            await asyncio.sleep(0.01)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError):
            await handle.result()
    assert scripted.ended == ["sync_cancelled"]


async def test_a_source_that_goes_is_ended_by_the_same_workflow(client: Client) -> None:
    scripted = ScriptedSync(Begun(next=NextStep.END))
    scripted.removed = [Removed(documents=2, is_more=False)]
    async with scripted.running(client):
        handle = await start(client, new_id())
        assert (await handle.result()).rounds == 0
    assert scripted.calls == [
        "begin_round",
        "arrange_source",
        "remove_source_documents",
        "remove_deleted",
        "forget_source",
        "begin_round",
    ]
    await replayed(handle)


async def test_a_schedule_wants_a_round_once_and_leaves_one_that_runs_alone(client: Client) -> None:
    whole = round_of(new_id()).model_copy(update={"is_whole": True})
    scripted, source_id = ScriptedSync(whole), new_id()
    scripted.compared = ASKING
    scripted.decisions = [Decided(is_decided=False, wait_seconds=600_000), Decided(is_decided=True)]
    ref = SourceRef(tenant_id=TENANT, source_id=source_id)
    async with scripted.running(client):
        first = await client.start_workflow(SyncOnSchedule.run, ref, id="first", task_queue=Queue.CONTROL)
        while "look_at_decision" not in scripted.calls:
            await asyncio.sleep(0.01)
        second = await client.execute_workflow(SyncOnSchedule.run, ref, id="second", task_queue=Queue.CONTROL)
        await client.get_workflow_handle(f"sync-source/{TENANT}/{source_id}").signal(SyncSource.look)
        assert (await first.result(), second) == (True, False)
    assert scripted.wishes_of_runs == [True, False]
    assert scripted.ended == [""]
    await replayed(first)


async def test_a_schedule_is_not_kept_away_by_events(client: Client) -> None:
    scripted, source_id = ScriptedSync(round_of(new_id()), round_of(new_id())), new_id()
    scripted.compared = ASKING
    scripted.decisions = [Decided(is_decided=False, wait_seconds=600_000), *[Decided(is_decided=True)] * 2]
    ref = SourceRef(tenant_id=TENANT, source_id=source_id)
    async with scripted.running(client):
        running = await start(client, source_id)
        while "look_at_decision" not in scripted.calls:
            await asyncio.sleep(0.01)
        assert not await client.execute_workflow(SyncOnSchedule.run, ref, id="due", task_queue=Queue.CONTROL)
        await running.signal(SyncSource.look)
        assert (await running.result()).rounds == 2
    assert scripted.wishes_of_runs == [False, True, False]
    await replayed(running)


async def test_what_changes_while_a_schedule_is_arranged_is_arranged_too(client: Client) -> None:
    scripted = ScriptedSync()
    ref = SourceRef(tenant_id=TENANT, source_id=new_id())
    async with scripted.running(client):
        handle = await client.start_workflow(
            ArrangeSource.run, ref, id="arrange", task_queue=Queue.CONTROL, start_signal="look"
        )
        await handle.result()
    assert scripted.calls.count("arrange_source") in {1, 2}
    await replayed(handle)
