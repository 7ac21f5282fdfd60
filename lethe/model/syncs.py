"""Sources that are kept in step with by themselves: what is known of each, of its items, and of each sync."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from lethe.model.documents import LegalBasis
from lethe.model.ids import Id
from lethe.model.principals import Caller, Role
from lethe.model.schedules import Timing
from lethe.model.sources import SourceKind


class SourceState(StrEnum):
    """``deleting``: it is on its way out, as are its documents if that was said."""

    ACTIVE = "active"
    DELETING = "deleting"


@dataclass(frozen=True, slots=True)
class Source:
    """Where documents are taken from, and as whom: ``readers`` are those of every document that comes from it.

    ``sealed_spec`` (name, address, filters) opens with the data key of the source's own id. ``mapping`` is raised with
    each change of readers, purpose or basis: what was taken in before is brought up to it. ``overdue_seconds``: how old
    the last good sync may be; None: any age. ``retention_days``: how long a document stays that no complete sync named.
    ``paused_by``: who has paused its schedule through Lethe; an operator may have paused it in Temporal besides.
    """

    tenant_id: Id
    id: Id
    kind: SourceKind
    state: SourceState
    sealed_spec: bytes
    readers: tuple[Id, ...]
    purpose: str | None
    legal_basis: LegalBasis | None
    every_seconds: int | None
    cron: str
    jitter_seconds: int
    catch_up_seconds: int
    overdue_seconds: int | None
    principal_id: Id
    role: Role
    groups: tuple[Id, ...]
    created_at: datetime
    updated_at: datetime
    mapping: int = 1
    deletes_documents: bool = False
    last_good_at: datetime | None = None
    retention_days: int | None = None
    paused_by: Id | None = None

    @property
    def timing(self) -> Timing | None:
        """When it is synced by itself; None: by hand and by events only."""
        if self.every_seconds is None and not self.cron:
            return None
        return Timing(self.every_seconds, self.cron, self.jitter_seconds, self.catch_up_seconds)

    @property
    def caller(self) -> Caller:
        """Whoever registered it."""
        return Caller(self.tenant_id, self.principal_id, self.role, frozenset(self.groups))

    def age(self, now: datetime) -> timedelta:
        """Of the last good sync; before the first one, of the source."""
        return now - (self.last_good_at or self.created_at)

    def is_overdue(self, now: datetime) -> bool:
        """Whether what came from it may be out of date by now."""
        return self.overdue_seconds is not None and self.age(now) > timedelta(seconds=self.overdue_seconds)


class EntryState(StrEnum):
    """``kept``: it vanished from the source, but its document stays: somebody decided so, or it must not go."""

    PRESENT = "present"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """An item of a source that was met. ``key_hmac`` stands for what its source calls it.

    ``revision_hmac`` is of the revision that was taken in, or refused with ``code``: met again, it is not read.
    ``document_id`` is None where it was refused, or its document was deleted since. ``mapping``: the source's, which
    its document has. ``seen_sync_id``: the last sync whose listing named it.
    """

    tenant_id: Id
    source_id: Id
    key_hmac: str
    revision_hmac: str
    document_id: Id | None
    state: EntryState
    mapping: int
    seen_sync_id: Id
    code: str = ""


class SyncTrigger(StrEnum):
    """What asked for a sync. ``change``: the source's readers, purpose or basis were changed."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    EVENTS = "events"
    CHANGE = "change"


class SyncState(StrEnum):
    """``needs_attention``: so much vanished that nothing is done before somebody decides."""

    PENDING = "pending"
    LISTING = "listing"
    NEEDS_ATTENTION = "needs_attention"
    INGESTING = "ingesting"
    DELETING = "deleting"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in FINAL


FINAL: Final = frozenset({SyncState.DONE, SyncState.FAILED})


class Decision(StrEnum):
    """What is to become of the documents whose items vanished."""

    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Sync:
    """One round of a source. A dry run compares only: its counts are what a round would do.

    ``ingestion_id``: the bulk ingestion that brings its items in. ``code``: why it failed. ``known`` items before,
    ``listed`` now, of which ``skipped`` needed nothing; ``vanished`` are known but not listed, ``deleted`` the
    documents that went for it. ``failed``: refused, unreadable, or failed on their way in. ``suppressed``: items that
    are there and not here, since they show somebody who was erased; None before the end.
    """

    tenant_id: Id
    id: Id
    source_id: Id
    trigger: SyncTrigger
    is_dry_run: bool
    state: SyncState
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    ingestion_id: Id | None = None
    decision: Decision | None = None
    code: str = ""
    known: int = 0
    listed: int = 0
    added: int = 0
    updated: int = 0
    skipped: int = 0
    vanished: int = 0
    deleted: int = 0
    failed: int = 0
    suppressed: int | None = None


class ListedAs(StrEnum):
    """``named``: by an event, and not looked up yet. ``gone``: looked up, and not there any more."""

    NAMED = "named"
    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ListedItem:
    """What a sync has still to do about an item. ``sealed_item`` opens with the data key of the sync's own id."""

    tenant_id: Id
    id: Id
    sync_id: Id
    key_hmac: str
    revision_hmac: str
    listed_as: ListedAs
    sealed_item: bytes
