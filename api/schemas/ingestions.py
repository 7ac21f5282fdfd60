"""Bulk ingestions on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from api.schemas.base import Given, OpaqueId, PageQuery, PlainText, Readers, Taken, Word
from api.schemas.documents import NewMetadata, Subject, TextUpload
from lethe.ingestion.requests import Outcome
from lethe.model.documents import Status

Window = Annotated[int, Field(ge=1, le=16)]
MAX_TEXTS = 1_000


class IngestionOptions(Taken):
    """What is said of every document of an ingestion. A document's source is ``source_prefix`` and its file's name;
    without a prefix each is a new document.
    """

    source_prefix: Annotated[PlainText, Field(min_length=1, max_length=1_000)] | None = None
    metadata: NewMetadata | None = None
    readers: Readers | None = None
    classification: Word | None = None
    subjects: Annotated[list[Subject], Field(max_length=100)] = Field(default_factory=list[Subject])
    expires_at: AwareDatetime | None = None


class NewIngestion(IngestionOptions):
    """``open``: more documents may be sent until it is closed. ``window``: how many batches run at once."""

    open: bool = False
    window: Window | None = None


class MoreTexts(IngestionOptions):
    """Documents as JSON; what is said of one goes before what is said of all."""

    documents: Annotated[list[TextUpload], Field(max_length=MAX_TEXTS)] = Field(default_factory=list[TextUpload])


class Manifest(NewIngestion, MoreTexts):
    """A new ingestion as JSON."""


class WindowIn(Taken):
    """How many batches may run at once from now on."""

    window: Window


class TakenOut(Given):
    """What became of one document sent: an outcome, or the code it was refused with."""

    name: str
    document_id: OpaqueId | None
    version_id: OpaqueId | None
    outcome: Outcome | None
    code: str


class IngestionOut(Given):
    """``total`` counts every document given so far, ``done`` those that need nothing more, failures included. One that
    is sent to the same ingestion again, unchanged, is counted once.

    ``updated`` counts also those changed in metadata alone; ``skipped`` were unchanged; ``failed`` counts also those
    that were refused, or not read because the same bytes had harmed the parser before; ``lost`` were overtaken by a
    later submission, deleted or discarded. These outcomes and ``added`` add up to ``done``. ``rate`` is in documents
    per second.
    """

    id: OpaqueId
    state: Literal["open", "running", "paused", "cancelled", "done"]
    is_open: bool
    window: int
    total: int
    done: int
    added: int
    updated: int
    skipped: int
    failed: int
    lost: int
    rate: float
    created_at: datetime
    closed_at: datetime | None
    ended_at: datetime | None


class IngestionReceipt(IngestionOut):
    """An ingestion, and what became of the documents of this request."""

    taken: list[TakenOut]


class ItemOut(Given):
    """A document of an ingestion. One that was refused has only its name and the code."""

    position: int | None
    document_id: OpaqueId | None
    version_id: OpaqueId | None
    status: str
    code: str
    name: str


class ItemQuery(PageQuery):
    """Documents of one status, of `refused` ones, or of all that have versions."""

    status: Status | Literal["refused"] | None = None
