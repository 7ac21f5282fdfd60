"""Runs of audits, whose histories are kept."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.audit import AuditAllRun, AuditRef, AuditRun, Begun
from tests.replay.running import DOCUMENT, TENANT, VERSION, ended
from tests.workflows.scripted import Scripted
from workflows.audit import AuditAll, AuditTenant


async def audit_all(client: Client) -> WorkflowHandle[Any, Any]:
    """Two tenants in two pages, one audit each."""
    scripted = Scripted()
    refs = [AuditRef(tenant_id=TENANT, audit_id=audit_id) for audit_id in (VERSION, DOCUMENT)]
    scripted.begun = [Begun(audits=refs[:1], after=TENANT), Begun(audits=refs[1:], after=None)]
    async with scripted.running(client):
        handle = await ended(client, AuditAll.run, AuditAllRun(), "audit-all")
    return client.get_workflow_handle("audit-all", run_id=handle.first_execution_run_id)


async def audit_tenant(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = Scripted()
    scripted.audit_pages = {VERSION: 2, DOCUMENT: 1}
    async with scripted.running(client):
        run = AuditRun(audit=AuditRef(tenant_id=TENANT, audit_id=VERSION))
        return await ended(client, AuditTenant.run, run, "audit-tenant/one")


AUDITS = (
    audit_all,
    audit_tenant,
)
