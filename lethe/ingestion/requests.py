"""What a caller asks of documents, and what it gets back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.documents import LegalBasis, Status, SubjectMention
from lethe.model.ids import Id
from lethe.ports.ledger import PageCursor

MetadataValue = str | int | float | bool | list[str] | list[int] | list[float]
"""What a metadata field may hold."""


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """An upload. None keeps what the document has (a new document: no metadata, readable by the whole tenant).

    ``source_uri`` None makes a new document whatever its bytes are.
    """

    source_uri: str | None = None
    title: str | None = None
    metadata: Mapping[str, MetadataValue] | None = None
    readers: tuple[Id, ...] | None = None
    classification: str | None = None
    subjects: tuple[SubjectMention, ...] = ()
    filename: str = ""
    media_type: str = "application/octet-stream"
    purpose: str | None = None
    legal_basis: LegalBasis | None = None
    expires_at: datetime | None = None
    is_renewal: bool = True
    """Sent by somebody who has it: its time begins anew. What we write ourselves does not prolong anything."""
    remakes: Id | None = None
    """The version whose bytes these are: refused if a later one came; about whom it is, the new one is too."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a document is to go by itself; None: only by the tenant's policy."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class MetadataPatch:
    """A change in place. None keeps; ``metadata`` replaces the whole mapping."""

    title: str | None = None
    metadata: Mapping[str, MetadataValue] | None = None
    readers: tuple[Id, ...] | None = None
    classification: str | None = None


class Outcome(StrEnum):
    """The standard words for what an upload did."""

    ADDED = "added"
    UPDATED = "updated"
    SKIPPED = "skipped"
    METADATA_UPDATED = "metadata_updated"
    KNOWN_POISON = "known_poison"
    """Recorded as failed without being read: the same bytes harmed the parser before."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request. ``workflow_id`` is empty where nothing had to be started."""

    document_id: Id
    version_id: Id
    workflow_id: str
    status: Status
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the newest version of a document failed."""

    step: str
    code: str
    failure_class: str
    detail: str
    attempts: int


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as its reader sees it."""

    id: Id
    status: Status
    source_uri: str
    title: str
    metadata: Mapping[str, MetadataValue]
    readers: tuple[Id, ...]
    classification: str
    media_type: str
    size_bytes: int
    chunks: int
    version_id: Id | None
    live_version_id: Id | None
    created_at: datetime
    updated_at: datetime
    failure: Failure | None = None
    purpose: str | None = None
    legal_basis: LegalBasis | None = None
    restricted_at: datetime | None = None
    restriction_reason: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Part of a list. It may hold fewer than were asked for, even none, and still go on: ``after`` None is its end."""

    views: tuple[DocumentView, ...]
    after: PageCursor | None
