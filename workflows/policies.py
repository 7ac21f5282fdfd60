"""Queues, retries, timeouts and priorities, each named once (docs/decisions: step sizes)."""

from datetime import timedelta
from enum import StrEnum
from typing import Final

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy

with workflow.unsafe.imports_passed_through():
    from lethe.model.operations import DispatchKind


class Queue(StrEnum):
    """Task queues by what a task uses."""

    QUERY = "query"
    CONTROL = "control"
    IO = "io"
    CPU = "cpu"
    EMBED = "embed"
    BULK = "bulk"
    WEBHOOKS = "webhooks"


QUESTION_PRIORITY: Final = 1
UPLOAD_PRIORITY: Final = 2
BULK_PRIORITY: Final = 4
BACKGROUND_PRIORITY: Final = 5


def priority(tenant_id: str, key: int) -> Priority:
    """Questions before uploads, uploads before work on many or for nobody who waits; tenants in turn within each."""
    return Priority(priority_key=key, fairness_key=tenant_id)


_PRIORITIES: Final = {
    DispatchKind.INGEST_BULK: BULK_PRIORITY,
    DispatchKind.APPLY_SELECTION: BACKGROUND_PRIORITY,
    DispatchKind.AUDIT_TENANT: BACKGROUND_PRIORITY,
    DispatchKind.BUILD_INDEX: BACKGROUND_PRIORITY,
    DispatchKind.APPLY_RETENTION: BACKGROUND_PRIORITY,
    DispatchKind.PROBE_EMBEDDINGS: BACKGROUND_PRIORITY,
    DispatchKind.MIGRATE_EMBEDDINGS: BACKGROUND_PRIORITY,
    DispatchKind.RECHECK_ERASURES: BACKGROUND_PRIORITY,
    DispatchKind.REINDEX_TENANT: BACKGROUND_PRIORITY,
    DispatchKind.DELIVER_WEBHOOK: BACKGROUND_PRIORITY,
    DispatchKind.RESOLVE_LETTERS: BACKGROUND_PRIORITY,
    DispatchKind.SYNC_SOURCE: BACKGROUND_PRIORITY,
}
"""The rest is one document, that somebody may wait for."""


def priority_of(kind: DispatchKind, tenant_id: str) -> Priority:
    return priority(tenant_id, _PRIORITIES.get(kind, UPLOAD_PRIORITY))


STEP_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=3.0,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=3,
)
"""A step of an ingestion; then it is a dead letter."""

BATCH_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1), maximum_attempts=20
)
"""A batch of documents, through a quarter of an hour without a store; then each document has a workflow of its own."""

ALWAYS_RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
"""Bookkeeping and removal: nothing may be left behind because a store was down for an hour."""

QUESTION_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=2), maximum_attempts=2
)
"""A step of a question: someone is waiting, and the API answers with passages when the steps fail."""

TURN_RETRY: Final = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=1), maximum_attempts=2
)
"""A model's turn at a question, for a worker's death only: what a provider does is decided inside the turn, and an
error raised there crosses as final (workers.interceptors.PAID)."""

TURN_HEARTBEAT: Final = timedelta(seconds=5)
"""How long after its worker's death a model's turn starts again elsewhere: someone is waiting, but what a busy
process is only late to say must not be paid twice."""

HEARTBEAT: Final = timedelta(seconds=10)
"""How long after its worker's death a step starts again elsewhere; a worker puts its own setting in its place."""

SHORT: Final = timedelta(seconds=30)
PARSE: Final = timedelta(minutes=5)
LONG: Final = timedelta(minutes=15)
BATCH: Final = timedelta(hours=2)
QUESTION_STEP: Final = timedelta(seconds=15)
QUESTION_STEPS: Final = timedelta(seconds=30)
"""All tries of a step; the question's own deadline is `limits.question_seconds`."""
QUESTION_RESERVE: Final = timedelta(seconds=3)
"""Of a question's time, kept for an answer without a language model and for the last step."""
SHORTEST_TURN: Final = timedelta(seconds=1)
"""With less time left no model is asked."""
TURN_MARGIN: Final = timedelta(seconds=1)
"""How much later than the turn itself Temporal ends it."""

EMBED_BATCH: Final = 64
"""Chunks whose embedding is paid again, at most, when a worker dies."""

DRIVE_AGAIN_FIRST: Final = timedelta(minutes=1)
DRIVE_AGAIN_MOST: Final = timedelta(hours=1)
DRIVE_AGAIN_DOUBLINGS: Final = 6
"""More would pass the most anyway, and in the end what a timedelta can hold."""

RELEASE_LOOK: Final = timedelta(days=1)
"""How often a version whose document is restricted looks by itself whether it still is."""
RELEASE_LOOKS: Final = 60
"""Looks in one run, before it continues as new: far below the limit of a history."""

HELD: Final = timedelta(seconds=15)
"""How often a build that waits for its cutover follows, and asks whether it may serve by now."""

RESOLUTION_PAGES: Final = 200
"""Pages of dead letters decided on in one run, before it continues as new: far below the limit of a history."""
