"""AuditTenant and AuditAll: every page of every build, wherever a run ends."""

from temporalio.client import Client

from lethe.contracts.audit import AuditAllRun, AuditRef, AuditRun, AuditTally, Begun
from lethe.model.ids import new_id
from tests.workflows.scripted import Scripted, replayed
from workflows.audit import STEPS_PER_RUN, AuditAll, AuditTenant
from workflows.policies import Queue

TENANT = new_id()


async def test_a_long_audit_continues_as_new_where_it_was(client: Client) -> None:
    first, second = new_id(), new_id()
    scripted = Scripted()
    scripted.audit_pages = {first: STEPS_PER_RUN + 5, second: 3}
    scripted.fails["audit_build"] = ["index_unavailable"] * 3
    ref = AuditRef(tenant_id=TENANT, audit_id=new_id())
    async with scripted.running(client):
        handle = await client.start_workflow(
            AuditTenant.run, AuditRun(audit=ref), id=f"audit-tenant/{new_id()}", task_queue=Queue.CONTROL
        )
        report = await handle.result()
        last = await handle.query(AuditTenant.progress)
    assert [each.build_id for each in report.builds] == [first, second]
    steps = [STEPS_PER_RUN + 5, 3]
    assert [each.tally for each in report.builds] == [AuditTally(found=10 * n, orphans=n, repaired=n) for n in steps]
    assert scripted.reports == [report]
    assert (scripted.calls.count("plan_audit"), scripted.calls.count("audit_build")) == (1, sum(steps) + 3)
    assert (last.builds, last.builds_done, last.objects) == (2, 2, 10 * sum(steps))
    await replayed(client.get_workflow_handle(handle.id))
    await replayed(client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id))


async def test_a_round_audits_one_tenant_after_the_other(client: Client) -> None:
    scripted = Scripted()
    refs = [AuditRef(tenant_id=new_id(), audit_id=new_id()) for _ in range(3)]
    scripted.begun = [Begun(audits=refs[:2], after=refs[1].tenant_id), Begun(audits=refs[2:], after=None)]
    async with scripted.running(client):
        handle = await client.start_workflow(AuditAll.run, AuditAllRun(), id=new_id(), task_queue=Queue.CONTROL)
        assert await handle.result() == 3
    assert [report.audit for report in scripted.reports] == refs
    await replayed(client.get_workflow_handle(handle.id))
