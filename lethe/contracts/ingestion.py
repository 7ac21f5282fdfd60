"""Inputs and outputs of the workflows and activities that bring a document in, change it, or take it out."""

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.ids import Id


class VersionRef(Contract):
    """One submission of one document."""

    tenant_id: Id
    version_id: Id


class IngestStart(VersionRef):
    """A submission to bring in. One that a bulk ingestion gave up on says where: its workflow begins by waiting."""

    failed_step: str = ""
    failed_code: str = ""


class DocumentRef(Contract):
    """One document."""

    tenant_id: Id
    document_id: Id


class Validated(Contract):
    """What `validate_document` found: the sniffed media type and the size in bytes."""

    media_type: str
    size_bytes: int


class Parsed(Contract):
    """How many elements and characters `parse_document` kept, and whether chunking them asks an outside provider."""

    elements: int
    characters: int
    asks_outside: bool = False


class Chunked(Contract):
    """How many chunks `chunk_document` wrote, and whether embedding them asks an outside provider."""

    chunks: int
    asks_outside: bool = False


class EmbedBatch(Contract):
    """A range of a version's ordinals: [start, stop)."""

    version: VersionRef
    start: int
    stop: int


class Embedded(Contract):
    """Chunks whose vector was computed, and those whose known vector was reused."""

    computed: int
    reused: int


class Indexed(Contract):
    """Objects written to the build (or found in it, for a verification)."""

    build_id: Id
    objects: int


class Switched(Contract):
    """This version became the live one at ``seq``.

    ``replaced``: once live, dropped ``drop_after_seconds`` later. ``abandoned``: failed before this one came.
    """

    seq: int
    replaced: list[Id] = Field(default_factory=list[Id], max_length=1000)
    abandoned: list[Id] = Field(default_factory=list[Id], max_length=1000)
    drop_after_seconds: float = 60.0


class Dropped(Contract):
    """What removing a version took away."""

    objects: int
    chunks: int
    blobs: int


class StepFailure(Contract):
    """A step that will not succeed by itself; the cause's text is in the dead letter only.

    ``attempts``: how often this ingestion has failed by now. ``failure_id`` names this one failure.
    """

    version: VersionRef
    step: str
    code: str
    attempts: int
    failure_id: Id = ""


class IngestOutcome(Contract):
    """How an ingestion ended. ``status``: ready, superseded or discarded."""

    status: str
    chunks: int = 0
    computed: int = 0
    reused: int = 0
    code: str = ""


class IngestProgress(Contract):
    """The answer to the `progress` query of a running ingestion."""

    step: str
    attention: bool = False
    code: str = ""
    chunks: int = 0


class DeletionPlan(Contract):
    """Versions of a document to remove, and those whose ingestion may still be running."""

    version_ids: list[Id] = Field(max_length=1000)
    running: list[Id] = Field(max_length=1000)


class Attention(Contract):
    """A failure is kept. Whether its workflow may wait for `resolve`, and how long.

    ``may_wait`` is False when the tenant has too many waiting. ``drive_again`` says the failure is transient: the step
    is tried again by itself, with growing delay. ``is_wanted`` is False when the document was deleted or overtaken:
    then nothing is kept, and nobody decides.
    """

    failure_class: str
    may_wait: bool
    wait_seconds: float
    drive_again: bool
    is_wanted: bool = True


class Reaped(Contract):
    """How many uploads that broke off were removed."""

    versions: int
