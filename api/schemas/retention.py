"""How long what is kept is kept, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Given, OpaqueId, Taken
from lethe.model.operations import DispatchKind
from lethe.model.retention import RetentionCount, RetentionKind, RetentionRun, RetentionState, RetentionTrigger
from lethe.model.workflow_ids import dispatch_id

OwnDays = Annotated[int, Field(ge=1, le=36_500)] | None


class RetentionIn(Taken):
    """How long the tenant keeps what, in days; null: as long as the installation does.

    Documents count from when they were last sent. A document's own ``expires_at`` may only have it go before.
    """

    document_days: OwnDays = None
    question_days: OwnDays = None
    dead_letter_days: OwnDays = None


class DaysOut(Given):
    """What is in force. ``documents`` null: until they are deleted."""

    documents: int | None
    questions: int
    dead_letters: int


class RetentionOut(Given):
    """What the tenant said, who said so and when, and what is in force."""

    document_days: int | None
    question_days: int | None
    dead_letter_days: int | None
    changed_by: OpaqueId | None
    changed_at: datetime | None
    in_force: DaysOut


class RetentionRunIn(Taken):
    """``dry_run``: count what is past its time, remove nothing."""

    dry_run: bool = True


class RetentionCountOut(Given):
    """Of one kind: ``matched`` were past their time, ``held`` of them stay, ``removed`` are gone.

    ``oldest_at``: when the oldest of them was last sent, asked or changed.
    """

    kind: RetentionKind
    matched: int
    held: int
    removed: int
    oldest_at: datetime | None


class RetentionRunOut(Given):
    """A removal of what is past its time; ``counts`` is empty until it is done."""

    id: OpaqueId
    state: RetentionState
    trigger: RetentionTrigger
    dry_run: bool
    created_at: datetime
    ended_at: datetime | None
    workflow_id: str
    counts: list[RetentionCountOut]


def retention_run_out(run: RetentionRun, counts: list[RetentionCount]) -> RetentionRunOut:
    """A run on the wire."""
    return RetentionRunOut(
        id=run.id,
        state=run.state,
        trigger=run.trigger,
        dry_run=run.dry_run,
        created_at=run.created_at,
        ended_at=run.ended_at,
        workflow_id=dispatch_id(DispatchKind.APPLY_RETENTION, run.tenant_id, run.id),
        counts=[RetentionCountOut.model_validate(each) for each in counts],
    )
