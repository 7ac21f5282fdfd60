"""Asking for another look for everybody who was erased, after whatever may have brought somebody back."""

from datetime import datetime

from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.ledger import UnitOfWork


async def recheck_after(uow: UnitOfWork, tenant_id: Id, cause: Id, at: datetime) -> None:
    """In the unit that ends a migration or a sync: the same cause is looked after once, not before ``at``."""
    kind = DispatchKind.RECHECK_ERASURES
    await uow.dispatches.add(Dispatch(tenant_id, dispatch_id(kind, tenant_id, cause), kind, cause, at))
