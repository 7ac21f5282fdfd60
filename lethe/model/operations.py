"""Rows that drive and record work: dispatches, dead letters, idempotency."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from lethe.errors import FailureClass, Place
from lethe.model.ids import Id


class DispatchKind(StrEnum):
    """What a dispatch starts. The value is also the first part of the workflow's id."""

    INGEST_DOCUMENT = "ingest-document"
    APPLY_METADATA = "apply-metadata"
    DELETE_DOCUMENT = "delete-document"
    INGEST_BULK = "ingest-bulk"
    DISCARD_VERSION = "discard-version"
    RESOLVE_LETTERS = "resolve-letters"
    AUDIT_TENANT = "audit-tenant"
    APPLY_SELECTION = "apply-selection"
    DELIVER_WEBHOOK = "deliver-webhook"
    ERASE_SUBJECT = "erase-subject"
    BUILD_INDEX = "build-index"
    SYNC_SOURCE = "sync-source"
    ARRANGE_SOURCE = "arrange-source"
    APPLY_RETENTION = "apply-retention"
    PROBE_EMBEDDINGS = "probe-embeddings"
    MIGRATE_EMBEDDINGS = "migrate-embeddings"
    RECHECK_ERASURES = "recheck-erasures"
    REINDEX_TENANT = "reindex-tenant"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A workflow that must be started, written in the transaction that makes it necessary.

    ``again``: an earlier run of the same id has ended without success, and a new one is wanted.
    """

    tenant_id: Id
    workflow_id: str
    kind: DispatchKind
    ref: Id
    created_at: datetime
    dispatched_at: datetime | None = None
    again: bool = False


class DeadLetterState(StrEnum):
    """``attempting``: the step is still retried. ``open``: a workflow waits for a decision. ``resolved``: a later
    attempt succeeded. ``closed``: nobody decided in time; the document stays failed.
    """

    ATTEMPTING = "attempting"
    OPEN = "open"
    RESOLVED = "resolved"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A kept failure (P7): one row per (version, step). ``sealed_detail`` opens with the version's key.

    ``openings`` counts how often the step gave up; ``opening_id`` names the last time, so that telling it twice counts
    once. ``decision_id`` is the last decision taken on it. ``cause_code`` is the code of the failure that a skipped
    one repeats (known_poison).
    """

    tenant_id: Id
    id: Id
    document_id: Id
    version_id: Id
    workflow_id: str
    step: str
    code: str
    failure_class: FailureClass
    attempts: int
    input_hmac: str
    sealed_detail: bytes
    state: DeadLetterState
    created_at: datetime
    updated_at: datetime
    content_fp: str = ""
    cause_code: str = ""
    openings: int = 0
    opening_id: Id | None = None
    decision_id: Id | None = None
    page: int | None = None
    first_chunk: int | None = None
    last_chunk: int | None = None

    @property
    def place(self) -> Place:
        """Where in the document it failed."""
        return Place(self.page, self.first_chunk, self.last_chunk)


UNDECIDED: Final = (DeadLetterState.OPEN, DeadLetterState.CLOSED)
"""Letters on which something can still be done."""


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which dead letters; what is None or empty does not narrow. ``created_after`` < created <= ``created_before``."""

    states: tuple[DeadLetterState, ...] = ()
    failure_class: FailureClass | None = None
    code: str | None = None
    step: str | None = None
    document_id: Id | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    leaves_out_poison: bool = False
    decided_by: Id | None = None
    """Those this decision was taken on are among them whatever their state is by now."""


class LetterAction(StrEnum):
    """What may be decided on a dead letter: run its step again, or remove its version."""

    RETRY = "retry"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class LetterResolution:
    """One decision on many dead letters, page by page; the cursor is where its next page begins.

    ``matched`` letters were met: ``done`` took the decision, ``skipped`` could not (running again, settled meanwhile).
    """

    tenant_id: Id
    id: Id
    action: LetterAction
    failure_class: FailureClass | None
    code: str | None
    step: str | None
    created_after: datetime | None
    created_before: datetime
    created_at: datetime
    updated_at: datetime
    matched: int = 0
    done: int = 0
    skipped: int = 0
    cursor_at: datetime | None = None
    cursor_id: Id | None = None
    finished_at: datetime | None = None

    @property
    def wanted(self) -> LetterFilter:
        """Undecided letters; poison only where the class or the code is named: to read it again harms."""
        return LetterFilter(
            states=UNDECIDED,
            failure_class=self.failure_class,
            code=self.code,
            step=self.step,
            created_after=self.created_after,
            created_before=self.created_before,
            leaves_out_poison=self.failure_class is None and self.code is None,
            decided_by=self.id,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Ingestions of a tenant that ended: became ready, or failed and will not go on by themselves."""

    ready: int
    failed: int


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """The first answer to an Idempotency-Key. ``status`` is 0 while that request is still being served.

    ``sealed_body`` opens with the data key of ``key_id``.
    """

    tenant_id: Id
    principal_id: Id
    key_hmac: str
    request_hmac: str
    status: int
    sealed_body: bytes
    key_id: Id
    created_at: datetime
    renewed_at: datetime
