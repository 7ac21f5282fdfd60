"""What nobody may find is sent to no model that an index changes to; shown again, it comes into the builds."""

from collections.abc import Collection
from datetime import datetime

from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.ledger import UnitOfWork


async def readmit(uow: UnitOfWork, tenant_id: Id, document_ids: Collection[Id], at: datetime) -> None:
    """In the commit that shows the documents again: builds on their way follow it, and what the one that serves was
    made without, an audit brings. Raises the tenant's clock, and needs its lock.
    """
    shown = await uow.versions.follow_again(tenant_id, document_ids, await uow.tenants.advance(tenant_id))
    active = await uow.builds.active(tenant_id, BuildKind.VECTOR)
    if active is None or len(await uow.artefacts.committed(tenant_id, shown, active.id)) == len(shown):
        return
    kind, audit_id = DispatchKind.AUDIT_TENANT, new_id()
    await uow.dispatches.add(Dispatch(tenant_id, dispatch_id(kind, tenant_id, audit_id), kind, audit_id, at))
