"""Documents on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from api.schemas.base import Given, OpaqueId, PageQuery, PlainText, Readers, Taken, Word
from lethe.ingestion.requests import Outcome
from lethe.model.attributes import attributes
from lethe.model.documents import LegalBasis, Status

Scalar = str | int | float | bool
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=64)], Scalar | list[str] | list[int] | list[float]],
    Field(max_length=64),
]


def _filterable(metadata: Metadata) -> Metadata:
    # Here as well as in the use case: what is refused must not get as far as the idempotency record.
    attributes(metadata)
    return metadata


NewMetadata = Annotated[Metadata, AfterValidator(_filterable)]
"""Metadata that can be stored and filtered by. Raises InvalidRequest, which names the field."""


class Subject(Taken):
    """A person the document is about: kept under a blind index, so that all of theirs can be found and erased."""

    kind: Word
    value: Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]


class DocumentChange(Taken):
    """Fields that change in place. A field that is not sent keeps its value; ``metadata`` is replaced whole."""

    title: Annotated[PlainText, Field(max_length=500)] | None = None
    metadata: NewMetadata | None = None
    readers: Readers | None = None
    classification: Word | None = None


class DocumentPatch(DocumentChange):
    """The same for one document. ``expires_at``: from then on it is removed with the next removal of what is past its
    time; null takes that back.
    """

    expires_at: AwareDatetime | None = None


class DocumentFields(DocumentChange):
    """What may be said of an upload. Without ``source_uri`` it is always a new document."""

    source_uri: Annotated[PlainText, StringConstraints(min_length=1, max_length=2048)] | None = None
    subjects: Annotated[list[Subject], Field(max_length=100)] = Field(default_factory=list[Subject])
    purpose: Annotated[Word | None, Field(description="What the people in it are recorded for")] = None
    legal_basis: Annotated[LegalBasis | None, Field(description="What allows that (GDPR, Article 6)")] = None
    expires_at: Annotated[AwareDatetime | None, Field(description="When it is to be removed by itself")] = None


class TextUpload(DocumentFields):
    """A document as JSON."""

    text: str
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$")] = "text/plain"


class ReceiptOut(Given):
    """What became of a request. ``workflow_id`` is null where nothing had to be started."""

    document_id: OpaqueId
    version_id: OpaqueId
    workflow_id: str | None
    status: Status
    outcome: Outcome


class FailureOut(Given):
    """Why the newest version failed. ``failure_class``: transient, permanent or poison."""

    step: str
    code: str
    failure_class: str
    detail: str
    attempts: int


class DocumentOut(Given):
    """A document; ``status`` is that of its newest version, ``live_version_id`` the one that is served."""

    id: OpaqueId
    status: Status
    source_uri: str
    title: str
    metadata: Metadata
    readers: list[OpaqueId]
    classification: str
    media_type: str
    size_bytes: int
    chunks: int
    version_id: OpaqueId | None
    live_version_id: OpaqueId | None
    created_at: datetime
    updated_at: datetime
    failure: FailureOut | None
    purpose: str | None = None
    legal_basis: LegalBasis | None = None
    restricted_at: datetime | None = None
    restriction_reason: str | None = None
    expires_at: datetime | None = None


class ChunkOut(Given):
    """A chunk. ``start``/``end`` are code points into the cleaned text; ``page`` counts from 1.

    ``created_at`` is when its version was received. ``suspicion``: how much the text looks like an attack on a language
    model, 0..1.
    """

    id: OpaqueId
    document_id: OpaqueId
    version_id: OpaqueId
    title: str
    source_uri: str
    classification: str
    created_at: datetime
    ordinal: int
    text: str
    section: str
    page: int | None
    language: str
    tokens: int
    start: int
    end: int
    suspicion: float


class NeighboursQuery(Taken):
    """How many chunks before and after it to give with a chunk."""

    before: Annotated[int, Field(ge=0, le=50)] = 1
    after: Annotated[int, Field(ge=0, le=50)] = 1


class NeighboursOut(Given):
    """A chunk and those that stand around it, each side in order; shorter at the document's ends."""

    before: list[ChunkOut]
    chunk: ChunkOut
    after: list[ChunkOut]


class DocumentQuery(PageQuery):
    """A list of documents, of one status or of all."""

    status: Status | None = None
