"""Inputs and outputs of the bulk ingestion: cursors, ids and counts."""

from datetime import datetime

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.contracts.ingestion import VersionRef
from lethe.model.ids import Id
from lethe.model.ingestions import IngestionState

MAX_BATCH = 200
"""Documents of one batch, at most."""


class IngestionRef(Contract):
    """One bulk ingestion."""

    tenant_id: Id
    ingestion_id: Id


class BulkState(IngestionRef):
    """What a run of the bulk workflow hands to the next. ``cursor`` is the position up to which batches have ended.

    ``started_at``, ``replaced_at`` and ``idle_since`` are seconds since the epoch (0: not yet): of the first run, of
    the last batch that replaced versions, and of the last time there was something to do. ``total`` is how many
    documents had been given at the last look.
    """

    cursor: int = 0
    started_at: float = 0.0
    replaced_at: float = 0.0
    idle_since: float = 0.0
    total: int = 0
    ready: int = 0
    failed: int = 0
    lost: int = 0
    computed: int = 0


class BulkCursor(IngestionRef):
    """Where the next page begins."""

    after: int


class Planned(Contract):
    """Documents of one batch; ``last`` is the position of its last one."""

    version_ids: list[Id] = Field(max_length=MAX_BATCH)
    last: int


class BulkCounts(Contract):
    """What has become of an ingestion's documents, as its sender sees it: the outcomes add up to ``done``."""

    total: int = 0
    done: int = 0
    added: int = 0
    updated: int = 0
    skipped: int = 0
    failed: int = 0
    lost: int = 0


class BulkPage(Contract):
    """What there is to do: the ledger's word on the ingestion, and the next batches.

    ``after`` is where the page ends; ``given`` is the last position given so far.
    """

    state: IngestionState
    is_closed: bool
    has_archive: bool
    batch_window: int
    given: int
    after: int
    drop_after_seconds: float
    idle_seconds: float
    counts: BulkCounts = Field(default_factory=BulkCounts)
    batches: list[Planned] = Field(default_factory=list[Planned], max_length=20)


class BulkBatch(IngestionRef):
    """Documents to bring in together."""

    version_ids: list[Id] = Field(max_length=MAX_BATCH)


class FailedVersion(VersionRef):
    """A document that a batch could not bring in; the cause's text is in its dead letter only."""

    step: str
    code: str


class BatchDone(Contract):
    """How a batch ended. ``lost``: a later submission won, or the document was deleted.

    ``replaced`` counts versions that are to be dropped; ``abandoned`` had failed before, with workflows of their own.
    """

    ready: int = 0
    lost: int = 0
    replaced: int = 0
    computed: int = 0
    reused: int = 0
    failed: list[FailedVersion] = Field(default_factory=list[FailedVersion], max_length=MAX_BATCH)
    abandoned: list[Id] = Field(default_factory=list[Id], max_length=500)


class StateChange(IngestionRef):
    """Pause, resume or cancel."""

    state: IngestionState


class WindowChange(IngestionRef):
    """How many batches may run at once."""

    batch_window: int


class SweptTo(Contract):
    """Where a page of versions ended: a position of an ingestion, or when and which was replaced last."""

    position: int = 0
    replaced_at: datetime | None = None
    replaced_id: Id | None = None


class SweepStep(IngestionRef):
    """The next page of what is to be removed. What is kept of a page is passed by once."""

    after: SweptTo = SweptTo()


class Swept(Contract):
    """How many versions were removed, whether there are more, and behind what."""

    versions: int
    is_more: bool
    after: SweptTo = SweptTo()


class BulkProgress(BulkCounts):
    """The answer to the `progress` query: the counts of the last look, ``rate`` in documents a second since the start.

    ``total`` counts every document given so far, ``done`` those that need nothing more.
    """

    state: str
    rate: float
    batches_running: int
    batch_window: int
    cursor: int


class BulkOutcome(Contract):
    """How an ingestion ended: done or cancelled."""

    status: str
    ready: int
    failed: int
    lost: int
