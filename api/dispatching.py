"""Starting what a committed request asks for."""

import logging
from typing import Final

from api.schemas.documents import ReceiptOut
from api.services import Services
from lethe.errors import LedgerUnavailable, WorkflowsUnavailable
from lethe.model.ids import Id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id

FAILPOINT: Final = "start_dispatched:before"
"""The name of the place between the commit and the start, where fault tests kill the API."""

_log: Final = logging.getLogger(__name__)


async def start_dispatched(services: Services, tenant_id: Id, receipt: ReceiptOut) -> None:
    """Start the receipt's workflow now. What fails here does not fail the request: the dispatch row is swept."""
    if not receipt.workflow_id:
        return
    kind = DispatchKind(receipt.workflow_id.partition("/")[0])
    ref = receipt.version_id if kind is DispatchKind.INGEST_DOCUMENT else receipt.document_id
    await _start(services, Dispatch(tenant_id, receipt.workflow_id, kind, ref, services.clock.now()))


async def start_now(services: Services, tenant_id: Id, kind: DispatchKind, ref: Id) -> None:
    """As `start_dispatched`, for a workflow named after what it is about."""
    await _start(services, Dispatch(tenant_id, dispatch_id(kind, tenant_id, ref), kind, ref, services.clock.now()))


async def start_again(services: Services, tenant_id: Id, kind: DispatchKind, ref: Id) -> None:
    """As `start_now`, where an earlier run has ended without success."""
    now = services.clock.now()
    await _start(services, Dispatch(tenant_id, dispatch_id(kind, tenant_id, ref), kind, ref, now, again=True))


async def _start(services: Services, dispatch: Dispatch) -> None:
    told = {"tenant": dispatch.tenant_id, "workflow": dispatch.workflow_id}
    # Joins the request's id to the workflow's: a client's own id is not put into a history.
    _log.info("dispatched", extra=told)
    services.failpoint.reach(FAILPOINT)
    try:
        await services.workflows.start(dispatch)
        async with services.ledger.write() as uow:
            await uow.dispatches.mark(dispatch, services.clock.now())
    except (WorkflowsUnavailable, LedgerUnavailable) as error:
        _log.warning("dispatch left to the sweeper", extra={**told, "code": error.code})


async def look_at_migration(services: Services, tenant_id: Id, migration_id: Id) -> None:
    """As `look`; a migration that is not told looks by itself after some steps."""
    try:
        await services.workflows.look_at_migration(tenant_id, migration_id)
    except WorkflowsUnavailable as error:
        _log.warning("migration not told", extra={"ref": migration_id, "code": error.code})


async def look(services: Services, tenant_id: Id, ingestion_id: Id) -> None:
    """Tell a running ingestion that the ledger has news; one that is not told looks by itself within a minute."""
    try:
        await services.workflows.look(tenant_id, ingestion_id)
    except WorkflowsUnavailable as error:
        _log.warning("ingestion not told", extra={"ref": ingestion_id, "code": error.code})
