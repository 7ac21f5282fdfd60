"""Documents, their versions and chunks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class Status(StrEnum):
    """Where a version is on its way; a document shows the status of its newest submission."""

    RECEIVING = "receiving"
    PENDING = "pending"
    PARSING = "parsing"
    CHUNKING = "chunking"
    EMBEDDING = "embedding"
    INDEXING = "indexing"
    READY = "ready"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    DELETING = "deleting"


class LegalBasis(StrEnum):
    """What allows the processing of the people in a document (GDPR, Article 6 (1))."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTERESTS = "legitimate_interests"


@dataclass(frozen=True, slots=True)
class Document:
    """A document is (tenant, source URI). ``source_hmac`` finds it; the URI itself is sealed on its versions.

    ``epoch`` is raised by delete and fence; a late writer compares it with the epoch it started from.
    ``renewed_at``: when its sender last sent it, changed or not (None: only once, at ``created_at``).
    ``expires_at``: when it goes by its sender's wish; the tenant's policy may have it go before.
    ``expired_by``: the retention run that deleted it.
    ``restricted_at``: sealed and served to nobody, but kept (GDPR, Article 18), until it is released.
    ``next_submission`` numbers uploads; ``live_submission`` is the one that is served (0: none yet).
    """

    tenant_id: Id
    id: Id
    source_hmac: str | None
    status: Status
    epoch: int
    next_submission: int
    live_submission: int
    live_version_id: Id | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    fenced_at: datetime | None = None
    restricted_at: datetime | None = None
    restriction_reason: str | None = None
    purpose: str | None = None
    legal_basis: LegalBasis | None = None
    renewed_at: datetime | None = None
    expires_at: datetime | None = None
    expired_by: Id | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One submission's content. Its data key has the version's own id; sealed fields open with that key only.

    Live for a question that started at ``seq`` when ``live_from <= seq < live_until`` (None: no end yet).
    ``changed_seq``: the commit that last changed what an index should hold of it (live, replaced, deleted, other
    properties); index builds follow by it.
    ``media_type`` is what the sender claimed until `validate` has sniffed it. The title is the sender's if
    ``title_given``, else the one the document gives itself. ``ingestion_id`` and ``position`` (model.ingestions) are of
    the bulk ingestion that took it in, if one did; ``archive_entry`` is its file's number, if it came in an archive.
    ``rewritten_at``: when Lethe wrote it, in the place of one that named somebody who is erased.
    ``made_by_*``: the revisions that, with the bytes, make its ``content_fp``.
    ``source_id``: the source (model.syncs) it was taken from.
    """

    tenant_id: Id
    id: Id
    document_id: Id
    submission: int
    epoch: int
    status: Status
    blob_key: str
    readers: tuple[Id, ...]
    classification: str
    sealed_source_uri: bytes
    sealed_title: bytes
    sealed_metadata: bytes
    created_at: datetime
    updated_at: datetime
    title_given: bool = False
    filename_suffix: str = ""
    media_type: str = "application/octet-stream"
    size_bytes: int = 0
    content_hmac: str = ""
    content_fp: str = ""
    meta_fp: str = ""
    chunk_count: int = 0
    live_from: int | None = None
    live_until: int | None = None
    changed_seq: int = 0
    ingestion_id: Id | None = None
    position: int | None = None
    archive_entry: int | None = None
    source_id: Id | None = None
    rewritten_at: datetime | None = None
    made_by_parser: str | None = None
    made_by_chunker: str | None = None
    made_by_policy: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class Replaced:
    """A version that stopped being live, by when its row last changed; these two are a place in their order."""

    at: datetime
    version_id: Id


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored chunk. ``sealed_text`` and ``sealed_section`` open with the version's key.

    ``section`` is the path of titles above the chunk, joined by " > ". ``start``/``end`` are offsets in characters
    (code points) into the cleaned text of the version. ``page`` counts from 1; None where the format has no pages.
    ``suspicion``: how much the text looked like an attack on a language model when it was cut, 0..1.
    """

    tenant_id: Id
    id: Id
    version_id: Id
    document_id: Id
    ordinal: int
    sealed_text: bytes
    sealed_section: bytes
    text_hmac: str
    start: int
    end: int
    tokens: int
    language: str
    page: int | None = None
    suspicion: float = 0.0


@dataclass(frozen=True, slots=True)
class EmbeddingNeed:
    """Of the served ``chunks`` so many are ``to_embed``, which have so many ``tokens``."""

    chunks: int
    to_embed: int
    tokens: int


@dataclass(frozen=True, slots=True)
class ChunkVector:
    """An embedding in the cache: little-endian float32, sealed under the version's key. Dies with its chunk."""

    tenant_id: Id
    chunk_id: Id
    version_id: Id
    spec: str
    text_hmac: str
    sealed_vector: bytes


@dataclass(frozen=True, slots=True)
class EmbeddingRefusals:
    """How many texts of what is served a model refused, and some of the documents that they stand in."""

    chunks: int
    document_ids: tuple[Id, ...]


@dataclass(frozen=True, slots=True)
class SubjectMention:
    """A person named by the uploader of a document: an identifier of a kind (email, phone, name, staff_number)."""

    kind: str
    value: str
