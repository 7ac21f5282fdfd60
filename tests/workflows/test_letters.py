"""ResolveLetters and DiscardVersion."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.ingestion import VersionRef
from lethe.contracts.letters import LetterSelection, ResolutionProgress
from lethe.errors import FailureClass
from lethe.model.ids import is_id, new_id
from lethe.model.operations import LetterAction
from tests.workflows.scripted import Scripted, replayed
from workflows import policies
from workflows.letters import DiscardVersion, ResolveLetters
from workflows.policies import Queue

TENANT = new_id()


async def start(client: Client, selection: LetterSelection) -> WorkflowHandle[Any, ResolutionProgress]:
    return await client.start_workflow(
        ResolveLetters.run, selection, id=f"resolve-letters/{TENANT}/{new_id()}", task_queue=Queue.CONTROL
    )


async def test_goes_through_the_letters_page_by_page(client: Client) -> None:
    scripted, resolution = Scripted(), new_id()
    scripted.pages = 3
    scripted.fails["resolve_page"] = ["workflows_unavailable", "ledger_unavailable"]
    async with scripted.running(client):
        handle = await start(client, LetterSelection(tenant_id=TENANT, resolution_id=resolution))
        assert await handle.result() == ResolutionProgress(matched=150, done=147, skipped=3, is_finished=True)
        assert await handle.query(ResolveLetters.progress) == await handle.result()
    assert scripted.resolutions == [resolution] * 3
    assert scripted.wishes == []  # the API had stored the selection
    await replayed(handle)


async def test_an_operator_starts_it_with_the_selection_itself(client: Client) -> None:
    scripted = Scripted()
    wish = LetterSelection(tenant_id=TENANT, action=LetterAction.DISCARD, failure_class=FailureClass.PERMANENT)
    async with scripted.running(client):
        handle = await start(client, wish)
        await handle.result()
    (planned,) = scripted.wishes
    assert is_id(planned.resolution_id)
    assert planned == wish.model_copy(update={"resolution_id": planned.resolution_id})
    assert scripted.resolutions == [planned.resolution_id]
    await replayed(handle)


async def test_many_pages_continue_as_new_with_the_same_resolution(client: Client) -> None:
    scripted = Scripted()
    scripted.pages = policies.RESOLUTION_PAGES + 2
    async with scripted.running(client):
        handle = await start(client, LetterSelection(tenant_id=TENANT))
        assert (await handle.result()).matched == 50 * scripted.pages
        history = await client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id).fetch_history()
    assert len(set(scripted.resolutions)) == 1
    assert len(scripted.wishes) == 1
    assert len(history.events) < 2_000


async def test_a_version_nobody_works_on_is_discarded(client: Client) -> None:
    scripted, version = Scripted(), new_id()
    scripted.fails["drop_version"] = ["index_unavailable"]
    async with scripted.running(client):
        handle = await client.start_workflow(
            DiscardVersion.run,
            VersionRef(tenant_id=TENANT, version_id=version),
            id=f"discard-version/{TENANT}/{version}",
            task_queue=Queue.CONTROL,
        )
        await handle.result()
    assert scripted.dropped == [version]
    await replayed(handle)
