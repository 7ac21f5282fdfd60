"""Runs of what asks embedding models again, whose histories are kept."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.probes import ProbeAllRun, ProbeRef, ProbesBegun
from tests.replay.running import DOCUMENT, TENANT, VERSION, ended
from tests.workflows.scripted_probes import ScriptedProbes
from workflows.probes import ProbeAll, ProbeEmbeddings


async def probe_embeddings(client: Client) -> WorkflowHandle[Any, Any]:
    """The provider is down once."""
    scripted = ScriptedProbes()
    scripted.fails["probe_embeddings"] = ["embedder_unavailable"]
    async with scripted.running(client):
        return await ended(client, ProbeEmbeddings.run, ProbeRef(tenant_id=TENANT), "probe-embeddings/one")


async def probe_all(client: Client) -> WorkflowHandle[Any, Any]:
    """Three tenants in two pages, of which one's provider stays down."""
    scripted = ScriptedProbes()
    scripted.begun_probes = [
        ProbesBegun(tenants=[TENANT, VERSION], after=VERSION),
        ProbesBegun(tenants=[DOCUMENT], after=None),
    ]
    scripted.fails["probe_embeddings"] = ["embedder_refused!"]
    async with scripted.running(client):
        handle = await ended(client, ProbeAll.run, ProbeAllRun(), "probe-all")
    return client.get_workflow_handle("probe-all", run_id=handle.first_execution_run_id)
