"""ReindexTenant: a few documents on their way at once, every page once, wherever a run ends."""

from temporalio.client import Client, WorkflowExecutionStatus

from lethe.contracts.reindexing import ReindexRef, ReindexRun
from lethe.model.ids import new_id
from tests.workflows.scripted import replayed
from tests.workflows.scripted_reindexing import ScriptedReindexing
from workflows.policies import Queue
from workflows.reindexing import PAGES_PER_RUN, ReindexTenant


async def test_what_was_begun_is_served_before_more_is(client: Client) -> None:
    pages = PAGES_PER_RUN + 2
    scripted = ScriptedReindexing(pages)
    scripted.fails["reindex_page"] = ["ledger_unavailable"]
    run = ReindexRun(reindex=ReindexRef(tenant_id=new_id(), reindex_id=new_id()))
    async with scripted.running(client):
        handle = await client.start_workflow(ReindexTenant.run, run, id=new_id(), task_queue=Queue.CONTROL)
        tally = await handle.result()
    assert (tally.matched, tally.begun, tally.skipped) == (3 * pages, 2 * pages, pages)
    assert [report.tally for report in scripted.told] == [tally]
    looked = [call for call in scripted.calls if call != "finish_reindex"][1:]
    assert looked == ["reindex_page", "reindex_waiting", "reindex_waiting"] * pages
    first = client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
    assert (await first.describe()).status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    await replayed(first)
    await replayed(client.get_workflow_handle(handle.id))
