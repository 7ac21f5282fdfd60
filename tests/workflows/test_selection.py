"""ApplySelection: every page is changed once, whatever a page does, and what was deleted is then removed."""

import asyncio
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from lethe.contracts.ingestion import IngestStart
from lethe.contracts.selection import SelectionRef, SelectionRun, SelectionTotals
from lethe.model.ids import Id, new_id
from lethe.model.selections import SelectionAction
from tests.workflows.scripted import replayed
from tests.workflows.scripted_selection import ScriptedSelection, document_at
from workflows.ingestion import IngestDocument
from workflows.policies import Queue
from workflows.selection import PAGES_PER_RUN, ApplySelection

TENANT = new_id()


async def start(client: Client, selection_id: Id) -> WorkflowHandle[Any, SelectionTotals]:
    return await client.start_workflow(
        ApplySelection.run,
        SelectionRun(selection=SelectionRef(tenant_id=TENANT, selection_id=selection_id)),
        id=f"apply-selection/{TENANT}/{selection_id}",
        task_queue=Queue.CONTROL,
    )


async def test_a_deletion_changes_every_page_before_it_removes_anything(client: Client) -> None:
    scripted, selection_id = ScriptedSelection(SelectionAction.DELETE, documents=250, page=100), new_id()
    scripted.fails["delete_selected"] = ["ledger_unavailable"]
    scripted.fails["remove_deleted"] = ["index_unavailable"]
    async with scripted.running(client):
        handle = await start(client, selection_id)
        totals = await handle.result()
        assert await handle.query(ApplySelection.progress) == totals
    assert totals == SelectionTotals(matched=250, done=225, skipped=25, removed=225, objects=500)
    assert [page.after for page in scripted.noted] == [None, document_at(100), document_at(200)]
    assert [page.totals.done for page in scripted.noted] == [0, 90, 180]
    last_change = len(scripted.calls) - 1 - scripted.calls[::-1].index("delete_selected")
    assert last_change < scripted.calls.index("remove_deleted")
    assert scripted.removed_after == [None, *(document_at(n) for n in range(1, 5))]
    (finished,) = scripted.finished
    assert (finished.selection.selection_id, finished.totals) == (selection_id, totals)
    await replayed(handle)


@pytest.mark.parametrize(
    ("action", "changes", "done"), [(SelectionAction.COUNT, 0, 0), (SelectionAction.UPDATE, 2, 234)]
)
async def test_only_a_deletion_removes(client: Client, action: SelectionAction, changes: int, done: int) -> None:
    scripted = ScriptedSelection(action, documents=260)
    async with scripted.running(client):
        handle = await start(client, new_id())
        totals = await handle.result()
    assert (totals.matched, totals.done, totals.removed) == (260, done, 0)
    assert (scripted.calls.count("update_selected"), scripted.calls.count("delete_selected")) == (changes, 0)
    assert "remove_deleted" not in scripted.calls
    await replayed(handle)


async def test_nothing_fits(client: Client) -> None:
    scripted = ScriptedSelection(SelectionAction.DELETE, documents=0)
    async with scripted.running(client):
        handle = await start(client, new_id())
        assert await handle.result() == SelectionTotals()
    assert scripted.calls == ["select_page", "finish_selection"]


async def test_many_pages_continue_as_new_with_place_and_counts(client: Client) -> None:
    documents = 2 * (PAGES_PER_RUN + 30)
    scripted = ScriptedSelection(SelectionAction.DELETE, documents, page=2)
    async with scripted.running(client):
        handle = await start(client, new_id())
        totals = await handle.result()
        first = client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
        described = await first.describe()
    assert described.status is WorkflowExecutionStatus.CONTINUED_AS_NEW
    gone = documents // 10
    assert (totals.matched, totals.done, totals.skipped) == (documents, documents - gone, gone)
    assert scripted.changed == [document_at(n) for n in range(1, documents + 1) if n % 10]
    assert totals.removed == documents - gone
    assert len(scripted.finished) == 1
    await replayed(first)
    await replayed(client.get_workflow_handle(handle.id))


async def test_what_is_still_on_its_way_in_is_cancelled(client: Client, environment: WorkflowEnvironment) -> None:
    scripted = ScriptedSelection(SelectionAction.DELETE, documents=5)
    version_id = new_id()
    scripted.ingesting = [version_id]
    scripted.fails["parse_document"] = ["no_text!"]
    async with scripted.running(client):
        with environment.auto_time_skipping_disabled():
            ingestion = await client.start_workflow(
                IngestDocument.run,
                IngestStart(tenant_id=TENANT, version_id=version_id),
                id=f"ingest-document/{TENANT}/{version_id}",
                task_queue=Queue.CONTROL,
            )
            while not (await ingestion.query(IngestDocument.progress)).attention:
                await asyncio.sleep(0.05)
            # Nor are the seven days skipped that the ingestion waits while the deletion works.
            handle = await start(client, new_id())
            assert (await handle.result()).done == 5
            with pytest.raises(WorkflowFailureError):
                await ingestion.result()
        assert (await ingestion.describe()).status is WorkflowExecutionStatus.CANCELED
    assert scripted.dropped == [version_id]
    await replayed(handle)
