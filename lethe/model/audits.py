"""Audits: the ledger compared with the stores that are derived from it (P4)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id
from lethe.model.indexes import ArtefactStore


class AuditState(StrEnum):
    RUNNING = "running"
    DONE = "done"


class AuditTrigger(StrEnum):
    SCHEDULE = "schedule"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Audit:
    """One comparison of a tenant's ledger with its stores."""

    tenant_id: Id
    id: Id
    state: AuditState
    trigger: AuditTrigger
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditCount:
    """What an audit found in one store, or one build of it (nil: the store has no builds).

    ``expected`` and ``found`` are objects; ``orphans`` are in the store only, ``holes`` in the ledger only, ``stale``
    versions whose readers or attributes were not the ledger's. ``repaired`` is how many of these were put right.
    ``refused``: served texts that are not there since the build's model refuses them; no search by meaning finds them.
    """

    tenant_id: Id
    audit_id: Id
    store: ArtefactStore
    build_id: Id
    expected: int
    found: int
    orphans: int
    holes: int
    stale: int
    repaired: int
    refused: int = 0


@dataclass(frozen=True, slots=True)
class ChunkStanding:
    """A chunk's row as an audit sees it. ``live_from`` is None unless its version is the served one of a document
    that is not deleted: only then its absence from an index is a hole.
    """

    chunk_id: Id
    version_id: Id
    meta_fp: str
    live_from: int | None
