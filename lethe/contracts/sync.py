"""Inputs and outputs of the workflows that follow a source: ids, states and counts."""

from enum import StrEnum

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.ids import Id
from lethe.model.syncs import SyncState


class SourceRef(Contract):
    """One source."""

    tenant_id: Id
    source_id: Id


class SyncRun(SourceRef):
    """``is_scheduled``: a round is wanted, also where nobody ordered one."""

    is_scheduled: bool = False


class SyncRef(SourceRef):
    """One round of a source."""

    sync_id: Id


class NextStep(StrEnum):
    """What a source's workflow has to do: nothing, a round, or to end the source."""

    REST = "rest"
    ROUND = "round"
    END = "end"


class Begun(Contract):
    """The round to go on with, and how far it is. ``is_whole``: it looks at the whole source, and is no dry run."""

    next: NextStep
    sync_id: Id = ""
    state: SyncState = SyncState.PENDING
    is_dry_run: bool = False
    is_whole: bool = False


class Compared(Contract):
    """What a listing came to; its items are in the ledger."""

    state: SyncState
    listed: int = 0
    work: int = 0
    vanished: int = 0


class Decided(Contract):
    """Whether somebody has decided what becomes of the vanished, and how long that is still waited for."""

    is_decided: bool
    wait_seconds: float = 0.0


class Intake(Contract):
    """The bulk ingestion that takes a round's items in; none where nothing was to be taken in."""

    ingestion_id: Id | None = None


class TookIn(Contract):
    """How many items were read and taken in, and whether there are more."""

    items: int
    is_more: bool


class IntakeEnd(Contract):
    """Whether everything that was taken in has been brought in, or has failed."""

    is_over: bool


class MappingPage(SyncRef):
    """Go on after this item."""

    after: str | None = None


class Mapped(Contract):
    """How many documents got what the source says of readers. ``after`` is None at the end."""

    documents: int
    after: str | None = None


class Removed(Contract):
    """How many deleted documents of the tenant are still in the stores, of a page at most, whoever deleted them;
    versions of them whose ingestion may still be running.
    """

    documents: int
    is_more: bool
    running: list[Id] = Field(default_factory=list[Id], max_length=1000)


class Failed(SyncRef):
    """Why the round ends."""

    code: str


class SyncOutcome(Contract):
    """How many rounds a run made."""

    rounds: int
