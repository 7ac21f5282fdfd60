"""Runs of what looks again for who was erased, whose histories are kept."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.erasure import CertifiedPage, ErasureRef, RecheckRun
from tests.replay.running import DOCUMENT, TENANT, VERSION, ended
from tests.workflows.scripted_erasure import ScriptedErasure
from workflows.rechecks import RecheckErasure, RecheckErasures


async def recheck_erasure(client: Client) -> WorkflowHandle[Any, Any]:
    """Nothing has come back at the first look, and something at the second."""
    scripted = ScriptedErasure()
    scripted.come_back = [0, 1]
    async with scripted.running(client):
        ref = ErasureRef(tenant_id=TENANT, erasure_id=DOCUMENT)
        return await ended(client, RecheckErasure.run, ref, "recheck-erasure/two")


async def recheck_erasures(client: Client) -> WorkflowHandle[Any, Any]:
    """Three requests on two pages; the second has come back."""
    scripted = ScriptedErasure()
    refs = [ErasureRef(tenant_id=TENANT, erasure_id=each) for each in (DOCUMENT, VERSION, TENANT)]
    scripted.certified = [CertifiedPage(requests=refs[:2], after=refs[1]), CertifiedPage(requests=refs[2:], after=None)]
    scripted.come_back = [0, 1]
    async with scripted.running(client):
        handle = await ended(client, RecheckErasures.run, RecheckRun(), "recheck-erasures")
    return client.get_workflow_handle("recheck-erasures", run_id=handle.first_execution_run_id)
