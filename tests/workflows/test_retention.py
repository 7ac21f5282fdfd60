"""ApplyRetention and RetainAll: every kind in turn, documents out of the stores before the next."""

from temporalio.client import Client, WorkflowExecutionStatus

from lethe.contracts.retention import (
    RetainAllRun,
    RetentionProgress,
    RetentionRef,
    RetentionReport,
    RetentionsBegun,
    RetentionTally,
)
from lethe.model.ids import new_id
from tests.workflows.scripted import replayed
from tests.workflows.scripted_retention import OLD, ScriptedRetention
from tests.workflows.scripted_selection import document_at
from workflows.policies import Queue
from workflows.retention import PAGES_PER_RUN, ApplyRetention, RetainAll

TENANT = new_id()


async def test_documents_leave_the_stores_before_the_next_kind(client: Client) -> None:
    scripted = ScriptedRetention(pages=2)
    scripted.fails = {"expire_page": ["ledger_unavailable"], "remove_deleted": ["index_unavailable"]}
    report = await _run(client, scripted)
    page = document_at(1)
    kinds = ("documents", "questions", "dead_letters")
    assert scripted.asked == [(kind, after) for kind in kinds for after in (None, page)]
    assert scripted.removed == [None, page]
    assert scripted.calls.index("remove_deleted") == scripted.calls.index("expire_page") + 3
    tally = RetentionTally(matched=20, held=2, removed=18, oldest_at=OLD)
    assert [(each.kind.value, each.tally) for each in report.kinds] == [(kind, tally) for kind in kinds]
    assert (scripted.told, len(scripted.starts)) == ([report], 1)


async def test_what_is_only_counted_leaves_no_store(client: Client) -> None:
    scripted = ScriptedRetention(dry_run=True)
    report = await _run(client, scripted)
    assert "remove_deleted" not in scripted.calls
    assert {each.tally.removed for each in report.kinds} == {0}


async def test_what_a_run_that_broke_off_left_hidden_leaves_the_stores(client: Client) -> None:
    scripted = ScriptedRetention(matched=0)
    report = await _run(client, scripted)
    assert scripted.removed == [None, document_at(1)]
    assert {each.tally.removed for each in report.kinds} == {0}


async def test_a_long_run_continues_as_new_where_it_was(client: Client) -> None:
    scripted = ScriptedRetention(pages=PAGES_PER_RUN // 2)
    report = await _run(client, scripted, continues=True)
    assert [each.tally.matched for each in report.kinds] == [5 * PAGES_PER_RUN] * 3
    assert (len(scripted.starts), len(scripted.asked), len(scripted.removed)) == (1, 3 * PAGES_PER_RUN // 2, 2)


async def test_a_round_goes_through_one_tenant_after_the_other(client: Client) -> None:
    scripted = ScriptedRetention()
    refs = [RetentionRef(tenant_id=new_id(), run_id=new_id()) for _ in range(3)]
    scripted.runs = [
        RetentionsBegun(runs=refs[:2], after=refs[1].tenant_id),
        RetentionsBegun(runs=refs[2:], after=None),
    ]
    async with scripted.running(client):
        handle = await client.start_workflow(RetainAll.run, RetainAllRun(), id=new_id(), task_queue=Queue.CONTROL)
        assert await handle.result() == 3
    assert [report.run for report in scripted.told] == refs
    await replayed(client.get_workflow_handle(handle.id))


async def _run(client: Client, scripted: ScriptedRetention, *, continues: bool = False) -> RetentionReport:
    async with scripted.running(client):
        handle = await client.start_workflow(
            ApplyRetention.run,
            RetentionProgress(run=RetentionRef(tenant_id=TENANT, run_id=new_id())),
            id=f"apply-retention/{new_id()}",
            task_queue=Queue.CONTROL,
        )
        report = await handle.result()
        assert (await handle.query(ApplyRetention.progress)).done == report.kinds
    first = client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
    is_continued = (await first.describe()).status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    assert is_continued is continues
    await replayed(first)
    await replayed(client.get_workflow_handle(handle.id))
    return report
