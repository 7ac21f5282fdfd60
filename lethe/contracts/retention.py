"""Inputs and outputs of the workflows that remove what is past its time."""

from datetime import datetime

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.ids import Id
from lethe.model.retention import RetentionKind, RetentionTrigger


class RetentionRef(Contract):
    """One run for one tenant."""

    tenant_id: Id
    run_id: Id
    trigger: RetentionTrigger = RetentionTrigger.REQUEST


class RetentionStart(Contract):
    """``as_of``: what is past its time then; also how long a time is, is read once."""

    run: RetentionRef
    as_of: datetime


class RetentionPlan(Contract):
    """What was last sent, asked or changed before these is past its time; None: nothing of it is."""

    as_of: datetime
    dry_run: bool
    documents_before: datetime | None
    questions_before: datetime
    letters_before: datetime


class RetentionTally(Contract):
    """See lethe.model.retention.RetentionCount."""

    matched: int = 0
    held: int = 0
    removed: int = 0
    oldest_at: datetime | None = None

    def plus(self, other: "RetentionTally") -> "RetentionTally":
        oldest = [each for each in (self.oldest_at, other.oldest_at) if each is not None]
        return RetentionTally(
            matched=self.matched + other.matched,
            held=self.held + other.held,
            removed=self.removed + other.removed,
            oldest_at=min(oldest, default=None),
        )


class RetentionPage(Contract):
    """Go on with one kind after this id."""

    run: RetentionRef
    plan: RetentionPlan
    kind: RetentionKind
    after: Id | None = None


class RetainedPage(Contract):
    """``after`` is None when the kind was gone through. ``running``: versions whose ingestion may still run."""

    after: Id | None
    tally: RetentionTally
    running: list[Id] = Field(default_factory=list[Id], max_length=1000)


class KindTally(Contract):
    """What was found of one kind."""

    kind: RetentionKind
    tally: RetentionTally


class RetentionReport(Contract):
    """All that a run found, to be stored."""

    run: RetentionRef
    kinds: list[KindTally] = Field(max_length=10)


class RetentionProgress(Contract):
    """The state of a run that continues as new: kinds done, and where the one under way goes on."""

    run: RetentionRef
    plan: RetentionPlan | None = None
    done: list[KindTally] = Field(default_factory=list[KindTally], max_length=10)
    after: Id | None = None
    tally: RetentionTally = RetentionTally()
    is_removing: bool = False
    """Documents that were hidden are taken out of every store before the next kind."""


class RetainAllRun(Contract):
    """The round over all tenants; it goes on after this tenant."""

    after: Id | None = None
    runs: int = 0


class RetentionsBegun(Contract):
    """Runs begun for a page of tenants. ``after`` is None when there are no more."""

    runs: list[RetentionRef] = Field(max_length=100)
    after: Id | None
