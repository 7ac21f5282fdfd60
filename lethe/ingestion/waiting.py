"""Versions that were on their way when their document was restricted: they wait for its release."""

from datetime import datetime
from typing import Final

from lethe.ingestion.metadata import MAY_GO_LIVE
from lethe.ingestion.steps.pipeline import is_wanted
from lethe.model.documents import Document, Status, Version
from lethe.model.ingestions import IngestionState
from lethe.model.operations import DeadLetterState, Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.ledger import UnitOfWork

_MAY_WAIT: Final = MAY_GO_LIVE - {Status.RECEIVING}
_DRIVEN: Final = frozenset({DeadLetterState.OPEN, DeadLetterState.ATTEMPTING})


async def wake_waiting(uow: UnitOfWork, released: Document, at: datetime) -> None:
    """What waited goes on, be it that its workflow had to end meanwhile; what nobody wants any more goes at last.

    In a unit that holds the tenant's lock.
    """
    for version in await uow.versions.of_document(released.tenant_id, released.id):
        kind = await _follows(uow, released, version)
        if kind is not None:
            workflow_id = dispatch_id(kind, version.tenant_id, version.id)
            await uow.dispatches.renew(Dispatch(version.tenant_id, workflow_id, kind, version.id, at, again=True))


async def _follows(uow: UnitOfWork, released: Document, version: Version) -> DispatchKind | None:
    if version.status not in _MAY_WAIT:
        return None
    if not is_wanted(released, version):
        return DispatchKind.DISCARD_VERSION
    if version.status is Status.FAILED:
        return DispatchKind.INGEST_DOCUMENT if await _is_driven(uow, version) else None
    return DispatchKind.DISCARD_VERSION if await _is_cancelled(uow, version) else DispatchKind.INGEST_DOCUMENT


async def _is_driven(uow: UnitOfWork, version: Version) -> bool:
    """Not given up: it failed before its document was restricted, and may wait for the release since."""
    letters = await uow.dead_letters.of_version(version.tenant_id, version.id)
    return any(letter.state in _DRIVEN for letter in letters)


async def _is_cancelled(uow: UnitOfWork, version: Version) -> bool:
    ingestion = await uow.ingestions.get(version.tenant_id, version.ingestion_id) if version.ingestion_id else None
    return ingestion is not None and ingestion.state is IngestionState.CANCELLED
