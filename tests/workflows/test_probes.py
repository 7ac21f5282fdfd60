"""ProbeAll: one tenant after the other; a model that does not answer keeps nobody from theirs."""

from temporalio.client import Client

from lethe.contracts.probes import ProbeAllRun, ProbesBegun
from lethe.model.ids import new_id
from tests.workflows.scripted import replayed
from tests.workflows.scripted_probes import ScriptedProbes
from workflows.policies import Queue
from workflows.probes import ProbeAll


async def test_a_round_counts_what_changed_and_what_did_not_answer(client: Client) -> None:
    scripted, tenants = ScriptedProbes(), [new_id() for _ in range(4)]
    scripted.begun_probes = [
        ProbesBegun(tenants=tenants[:2], after=tenants[1]),
        ProbesBegun(tenants=tenants[2:], after=None),
    ]
    scripted.changed = {tenants[1]}
    scripted.fails["probe_embeddings"] = ["embedder_refused!"]
    scripted.fails["probe_quality"] = ["embedding_invalid!"]
    async with scripted.running(client):
        handle = await client.start_workflow(ProbeAll.run, ProbeAllRun(), id=new_id(), task_queue=Queue.CONTROL)
        assert await handle.result() == ProbeAllRun(probed=3, changed=1, failed=1), "whose questions failed was probed"
    assert scripted.calls.count("probe_quality") == 3, "a model that does not answer is asked no questions"
    await replayed(client.get_workflow_handle(handle.id))
    await replayed(client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id))
