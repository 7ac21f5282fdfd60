"""A run that makes versions anew, whose history is kept."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.reindexing import ReindexRef, ReindexRun
from tests.replay.running import DOCUMENT, TENANT, ended
from tests.workflows.scripted_reindexing import ScriptedReindexing
from workflows.reindexing import ReindexTenant


async def reindex_tenant(client: Client) -> WorkflowHandle[Any, Any]:
    """Two pages, each served at the second look."""
    async with ScriptedReindexing(pages=2).running(client):
        run = ReindexRun(reindex=ReindexRef(tenant_id=TENANT, reindex_id=DOCUMENT))
        return await ended(client, ReindexTenant.run, run, "reindex-tenant/one")
