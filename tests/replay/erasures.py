"""Runs of the erasure of a person, whose histories are kept."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.erasure import Discovered, ErasureRun
from lethe.model.personal_data import StoreName
from tests.replay.running import DOCUMENT, TENANT, ended
from tests.workflows.scripted_erasure import ScriptedErasure
from workflows.erasure import EraseSubject


async def erase_subject(client: Client) -> WorkflowHandle[Any, Any]:
    """Two rounds find something, the third nothing; a store is down once, and the bytes take their time."""
    found = Discovered(found=3, drain_seconds=7_200, stores=list(StoreName), is_shared=True)
    scripted = ScriptedErasure(found, found)
    scripted.fails["erase_store"] = ["index_unavailable"]
    scripted.rewriting, scripted.pending = [1], [["vectors"]]
    async with scripted.running(client):
        run = ErasureRun(tenant_id=TENANT, erasure_id=DOCUMENT)
        return await ended(client, EraseSubject.run, run, "erase-subject/one")
