"""Runs of what removes things by their age, whose histories are kept."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.retention import RetainAllRun, RetentionProgress, RetentionRef, RetentionsBegun
from tests.replay.running import DOCUMENT, TENANT, VERSION, ended
from tests.workflows.scripted_retention import ScriptedRetention
from workflows.retention import ApplyRetention, RetainAll


async def apply_retention(client: Client) -> WorkflowHandle[Any, Any]:
    """Two pages of documents, which are then taken out of the stores; a store is down once."""
    scripted = ScriptedRetention(pages=2)
    scripted.fails["remove_deleted"] = ["index_unavailable"]
    async with scripted.running(client):
        state = RetentionProgress(run=RetentionRef(tenant_id=TENANT, run_id=DOCUMENT))
        return await ended(client, ApplyRetention.run, state, "apply-retention/one")


async def retain_all(client: Client) -> WorkflowHandle[Any, Any]:
    """Two tenants in two pages, one run each."""
    scripted = ScriptedRetention()
    refs = [RetentionRef(tenant_id=TENANT, run_id=run_id) for run_id in (VERSION, DOCUMENT)]
    scripted.runs = [RetentionsBegun(runs=refs[:1], after=TENANT), RetentionsBegun(runs=refs[1:], after=None)]
    async with scripted.running(client):
        handle = await ended(client, RetainAll.run, RetainAllRun(), "retain-all")
    return client.get_workflow_handle("retain-all", run_id=handle.first_execution_run_id)
