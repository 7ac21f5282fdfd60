"""How long what is kept is kept, and the runs that remove what is past its time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class RetentionKind(StrEnum):
    """What a run removes, each with a time of its own."""

    DOCUMENTS = "documents"
    QUESTIONS = "questions"
    """With their answers, and the verdicts on them."""
    DEAD_LETTERS = "dead_letters"


class RetentionTrigger(StrEnum):
    SCHEDULE = "schedule"
    REQUEST = "request"


class RetentionState(StrEnum):
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """A tenant's own days; None: the installation's. Documents without days are kept until they are deleted."""

    tenant_id: Id
    document_days: int | None = None
    question_days: int | None = None
    dead_letter_days: int | None = None
    changed_by: Id | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetentionRun:
    """One removal of what was past its time at ``created_at``. ``dry_run``: counted only."""

    tenant_id: Id
    id: Id
    state: RetentionState
    trigger: RetentionTrigger
    dry_run: bool
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetentionCount:
    """What a run found of one kind: ``matched`` were past their time, ``held`` of these stay, ``removed`` are gone.

    ``oldest_at``: when the oldest of them was last sent, asked or changed.
    """

    tenant_id: Id
    run_id: Id
    kind: RetentionKind
    matched: int
    held: int
    removed: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holds:
    """What a legal hold on an erasure keeps from every removal, by ids."""

    documents: frozenset[Id] = frozenset()
    others: frozenset[Id] = frozenset()

    def hold_any(self, refs: Collection[Id]) -> bool:
        """Whether one of the questions or letters is held."""
        return not self.others.isdisjoint(refs)
