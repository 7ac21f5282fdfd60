"""Sources, their rounds and schedules on the wire."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from api.schemas.base import Given, OpaqueId, PlainText, Readers, Taken, Word
from lethe.model.documents import LegalBasis
from lethe.model.schedules import LONGEST_SECONDS, SHORTEST_SECONDS, is_cron
from lethe.model.sources import SourceFilters, SourceKind
from lethe.model.syncs import Decision, SourceState, SyncState, SyncTrigger

_DEFAULT: Final = SourceFilters()


def _cron(text: str) -> str:
    if not is_cron(text):
        raise ValueError("five fields are taken: minute, hour, day, month, day of the week; in UTC")
    return text


Pattern = Annotated[PlainText, StringConstraints(min_length=1, max_length=500)]
Name = Annotated[PlainText, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Seconds = Annotated[int, Field(ge=SHORTEST_SECONDS, le=LONGEST_SECONDS)]


class ScheduleIn(Taken):
    """When a source is synced by itself: at an interval or at the times of a cron expression (UTC).

    ``catch_up_seconds``: how late a run that was missed is still made up for.
    """

    every_seconds: Seconds | None = None
    cron: Annotated[str, StringConstraints(max_length=100), AfterValidator(_cron)] | None = None
    jitter_seconds: Annotated[int, Field(ge=0, le=86_400)] = 0
    catch_up_seconds: Annotated[int, Field(ge=10, le=LONGEST_SECONDS)] = 3600

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.every_seconds is None) == (self.cron is None):
            raise ValueError("either every_seconds or cron is taken")
        return self


class FiltersIn(Taken):
    """What of a source is taken. Patterns are of paths below its address: `*` stays inside a segment, `**` does not."""

    include: Annotated[list[Pattern], Field(max_length=100)] = Field(default_factory=list[str])
    exclude: Annotated[list[Pattern], Field(max_length=100)] = Field(default_factory=list[str])
    max_item_bytes: Annotated[int, Field(ge=1, le=2**40)] = _DEFAULT.max_item_bytes
    max_items: Annotated[int, Field(ge=1, le=10_000_000)] = _DEFAULT.max_items


class SourceFields(Taken):
    """``readers`` null: the whole tenant; ``schedule`` null: none. ``credentials`` names an entry of the settings.

    ``overdue_after_seconds``: how old the last good round may be before answers say that what comes from here may be
    out of date. ``retention_days``: how long a document stays that no complete round has named since; the policy of the
    tenant may have it go before.
    """

    credentials: Annotated[PlainText, StringConstraints(max_length=100)] = ""
    filters: FiltersIn = FiltersIn()
    schedule: ScheduleIn | None = None
    readers: Readers | None = None
    purpose: Annotated[Word | None, Field(description="What the people in its documents are recorded for")] = None
    legal_basis: Annotated[LegalBasis | None, Field(description="What allows that (GDPR, Article 6)")] = None
    overdue_after_seconds: Seconds | None = None
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class SourceIn(SourceFields):
    """Where documents are to be taken from, and as what."""

    name: Name
    kind: SourceKind
    address: Annotated[PlainText, StringConstraints(min_length=1, max_length=2048)]


class SourceChange(SourceFields):
    """A field that is not sent keeps its value."""

    name: Name = ""


class ScheduleOut(Given):
    """When it is synced by itself."""

    every_seconds: int | None
    cron: str | None
    jitter_seconds: int
    catch_up_seconds: int


class FiltersOut(Given):
    """What of it is taken."""

    include: list[str]
    exclude: list[str]
    max_item_bytes: int
    max_items: int


class SourceOut(Given):
    """A source. ``name``, ``address``, ``credentials`` and ``filters`` are null once its deletion has forgotten them.

    ``last_good_at``: when the last round began that listed the whole source and came to its end. ``asking_sync_id``:
    the round that waits for `resolve`; until it is answered, or given up, no other one begins.
    """

    id: OpaqueId
    kind: SourceKind
    state: SourceState
    name: str | None
    address: str | None
    credentials: str | None
    filters: FiltersOut | None
    schedule: ScheduleOut | None
    readers: list[OpaqueId]
    purpose: str | None
    legal_basis: LegalBasis | None
    overdue_after_seconds: int | None
    retention_days: int | None
    last_good_at: datetime | None
    is_overdue: bool
    asking_sync_id: OpaqueId | None
    created_at: datetime
    updated_at: datetime


class SyncIn(Taken):
    """A round at once. ``dry_run``: compare only, and say what a round would do."""

    dry_run: bool = False


class SyncOut(Given):
    """A round. ``skipped`` items needed nothing, ``vanished`` ones were not listed any more, ``deleted`` are documents.

    In ``needs_attention`` it waits for `resolve`. Its items are shown with the ingestion that took them in.
    ``suppressed``: how many items are there and not here, since they show somebody who was erased; null before its end.
    """

    id: OpaqueId
    source_id: OpaqueId
    trigger: SyncTrigger
    is_dry_run: bool
    state: SyncState
    decision: Decision | None
    code: str
    ingestion_id: OpaqueId | None
    known: int
    listed: int
    added: int
    updated: int
    skipped: int
    vanished: int
    deleted: int
    failed: int
    suppressed: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ResolveIn(Taken):
    """What becomes of the documents that the listing lacked: they are deleted, or stay and are not missed again."""

    action: Decision


class BackfillIn(Taken):
    """A time that has passed, whose runs are made up for one after the other."""

    start: datetime
    end: datetime

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("times need an offset or Z")
        if not 0 < (self.end - self.start).total_seconds() <= 31 * 86_400:
            raise ValueError("end lies after start, by at most 31 days")
        return self


class DeleteQuery(Taken):
    """What becomes of a source's documents when it goes."""

    documents: Annotated[Decision, Field(description="`delete` or `keep` what was taken from it")]


class ScheduledOut(Given):
    """A schedule as it is in Temporal. ``source_id`` is null for what the whole installation does: paused there only.

    ``paused_by``: the principal who paused it here, or `operator` for whoever did in Temporal.
    """

    id: str
    what: str
    source_id: OpaqueId | None
    next_run_at: datetime | None
    last_run_at: datetime | None
    is_paused: bool
    paused_by: str | None
    note: str
    is_running: bool


class EventsOut(Given):
    """How many items the notification named, and the round that looks at them; null where it named none."""

    keys: int
    sync_id: OpaqueId | None
