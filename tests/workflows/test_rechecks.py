"""RecheckErasures: every certified request once, page by page, and what has come back is counted."""

from temporalio.client import Client

from lethe.contracts.erasure import CertifiedPage, ErasureRef, RecheckRun
from lethe.model.ids import new_id
from tests.workflows.scripted import replayed
from tests.workflows.scripted_erasure import ScriptedErasure
from workflows.policies import Queue
from workflows.rechecks import RecheckErasures

TENANT = new_id()


async def test_every_certified_request_is_looked_at_once(client: Client) -> None:
    scripted = ScriptedErasure()
    refs = [ErasureRef(tenant_id=TENANT, erasure_id=new_id()) for _ in range(3)]
    scripted.certified = [
        CertifiedPage(requests=refs[:2], after=refs[1]),
        CertifiedPage(requests=refs[2:], after=refs[2]),
        CertifiedPage(requests=[], after=None),
    ]
    scripted.come_back = [0, 4]
    scripted.fails["check_erasure_again"] = ["ledger_unavailable"]
    async with scripted.running(client):
        handle = await client.start_workflow(
            RecheckErasures.run, RecheckRun(tenant_id=TENANT), id=new_id(), task_queue=Queue.CONTROL
        )
        ended = await handle.result()
    assert (ended.checked, ended.reopened) == (3, 1)
    assert scripted.calls.count("check_erasure_again") == 4
    await replayed(client.get_workflow_handle(handle.id))
