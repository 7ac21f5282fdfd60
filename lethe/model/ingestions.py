"""Bulk ingestions: many documents taken in as one piece of work."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id
from lethe.model.principals import Caller, Role


class IngestionState(StrEnum):
    """``running`` also while it waits for more documents (``closed_at`` None). Cancelled and done are final."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"

    @property
    def is_final(self) -> bool:
        return self in {IngestionState.CANCELLED, IngestionState.DONE}


@dataclass(frozen=True, slots=True)
class Ingestion:
    """One bulk ingestion, and who started it: what it takes in later is taken in with that caller's rights.

    ``batch_window`` is how many batches run at once. ``given`` numbers the versions it is to bring in (their
    ``position``, from 1, in the order of commits); ``skipped`` documents were unchanged, ``refused`` ones left no
    version. ``added`` and ``updated`` count what became readable (or, of ``updated``, changed in metadata alone).
    ``archive_key`` is the blob of an archive that is still to be unpacked, up to its entry ``unpacked``;
    ``archive_hmac`` tells its bytes from another's, also when it is unpacked.
    ``sealed_options`` (what is said of every document of the archive) opens with the key of the ingestion's own id.
    """

    tenant_id: Id
    id: Id
    principal_id: Id
    role: Role
    groups: tuple[Id, ...]
    state: IngestionState
    batch_window: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    ended_at: datetime | None = None
    given: int = 0
    added: int = 0
    updated: int = 0
    skipped: int = 0
    refused: int = 0
    archive_key: str = ""
    archive_hmac: str = ""
    unpacked: int = 0
    sealed_options: bytes = b""

    @property
    def is_open(self) -> bool:
        """Whether more documents may be sent to it."""
        return self.closed_at is None and not self.state.is_final

    @property
    def caller(self) -> Caller:
        """Whoever started it."""
        return Caller(self.tenant_id, self.principal_id, self.role, frozenset(self.groups))


@dataclass(frozen=True, slots=True)
class Taking:
    """That a document is taken in for an ingestion. ``entry`` counts the entries of its archive, from 1 (0: none).

    ``item_id``: what a refusal of it would be called, or was at an earlier sending. ``source_id``: the source that it
    is taken from.
    """

    ingestion_id: Id
    entry: int = 0
    item_id: Id | None = None
    source_id: Id | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document of an ingestion that left no version. ``sealed_name`` opens with the ingestion's key."""

    tenant_id: Id
    ingestion_id: Id
    id: Id
    code: str
    sealed_name: bytes
    created_at: datetime
