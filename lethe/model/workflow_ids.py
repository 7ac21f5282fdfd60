"""The ids of workflows: `<kind>/<tenant>/<uuid>`, opaque, built in this one place."""

from lethe.model.ids import Id
from lethe.model.operations import DispatchKind

ANSWER_QUESTION = "answer-question"
SYNC_ON_SCHEDULE = "sync-on-schedule"
SYNC_SCHEDULE = "sync"


def dispatch_id(kind: DispatchKind, tenant_id: Id, ref: Id) -> str:
    """The id of the workflow that a dispatch starts."""
    return f"{kind.value}/{tenant_id}/{ref}"


def erasure_workflow_id(tenant_id: Id, erasure: Id) -> str:
    """The id of the workflow that erases a person."""
    return dispatch_id(DispatchKind.ERASE_SUBJECT, tenant_id, erasure)


def question_id(tenant_id: Id, question: Id) -> str:
    """The id of the workflow that answers a question."""
    return f"{ANSWER_QUESTION}/{tenant_id}/{question}"


def schedule_id(tenant_id: Id, source: Id) -> str:
    """The id of the schedule by which a source is synced."""
    return f"{SYNC_SCHEDULE}/{tenant_id}/{source}"


def scheduled_sync_id(tenant_id: Id, source: Id) -> str:
    """What the ids of the workflows begin with that such a schedule starts; Temporal appends the time."""
    return f"{SYNC_ON_SCHEDULE}/{tenant_id}/{source}"
