"""Audits on the wire."""

from datetime import datetime

from api.schemas.base import Given, OpaqueId
from lethe.model.audits import AuditState, AuditTrigger
from lethe.model.indexes import ArtefactStore


class AuditCountOut(Given):
    """What was found in one store, or one index build of it.

    ``orphans``: in the store only; ``holes``: in the ledger only; ``stale``: versions with other readers or attributes
    than the ledger's; ``repaired``: how many of these were put right; ``refused``: texts that are not there since the
    build's model refuses them, so that only their words find them.
    """

    store: ArtefactStore
    build_id: OpaqueId
    expected: int
    found: int
    orphans: int
    holes: int
    stale: int
    repaired: int
    refused: int


class AuditOut(Given):
    """An audit; ``counts`` is empty until it is done."""

    id: OpaqueId
    state: AuditState
    trigger: AuditTrigger
    created_at: datetime
    ended_at: datetime | None
    workflow_id: str
    counts: list[AuditCountOut]
