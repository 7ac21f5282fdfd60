"""Versions that were on their way when their document was restricted: they wait for its release."""

from datetime import datetime
from typing import Final

from lethe.ingestion.metadata import IN_FLIGHT
from lethe.ingestion.steps.pipeline import is_wanted
from lethe.model.documents import Document, Status, Version
from lethe.model.ingestions import IngestionState
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.ledger import UnitOfWork

_STARTED: Final = IN_FLIGHT - {Status.RECEIVING}


async def wake_waiting(uow: UnitOfWork, released: Document, at: datetime) -> None:
    """What waited goes on, be it that its workflow had to end meanwhile; what nobody wants any more goes at last.

    In a unit that holds the tenant's lock.
    """
    for version in await uow.versions.of_document(released.tenant_id, released.id):
        if version.status not in _STARTED | {Status.FAILED}:
            continue
        is_coming = is_wanted(released, version)
        if is_coming and version.status is Status.FAILED:
            continue  # somebody decides on it
        is_coming = is_coming and not await _is_cancelled(uow, version)
        kind = DispatchKind.INGEST_DOCUMENT if is_coming else DispatchKind.DISCARD_VERSION
        workflow_id = dispatch_id(kind, version.tenant_id, version.id)
        await uow.dispatches.renew(Dispatch(version.tenant_id, workflow_id, kind, version.id, at, again=True))


async def _is_cancelled(uow: UnitOfWork, version: Version) -> bool:
    ingestion = await uow.ingestions.get(version.tenant_id, version.ingestion_id) if version.ingestion_id else None
    return ingestion is not None and ingestion.state is IngestionState.CANCELLED
