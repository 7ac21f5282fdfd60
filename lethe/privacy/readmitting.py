"""What nobody may find is sent to no model that an index changes to; shown again, it comes into the builds."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.ledger import UnitOfWork

_PAGE: Final = 100
"""Documents with one value of the clock: a follower takes what has the same value in one piece."""


async def readmit(uow: UnitOfWork, tenant_id: Id, document_ids: Collection[Id], at: datetime) -> None:
    """In the commit that shows the documents again: builds on their way follow it, and what the one that serves was
    made without, an audit brings. Raises the tenant's clock, and needs its lock.
    """
    documents, shown = sorted(document_ids), list[Id]()
    for start in range(0, len(documents), _PAGE):
        page = documents[start : start + _PAGE]
        shown += await uow.versions.follow_again(tenant_id, page, await uow.tenants.advance(tenant_id))
    active = await uow.builds.active(tenant_id, BuildKind.VECTOR)
    if active is None or len(await uow.artefacts.committed(tenant_id, shown, active.id)) == len(shown):
        return
    kind, audit_id = DispatchKind.AUDIT_TENANT, new_id()
    await uow.dispatches.add(Dispatch(tenant_id, dispatch_id(kind, tenant_id, audit_id), kind, audit_id, at))
