"""What is to be started, what failed, and which requests were answered."""

from typing import Final

from lethe.privacy.data_map import erasers
from lethe.privacy.data_map.declaration import (
    Key,
    Place,
    digest,
    facts,
    opaque,
    place,
    pseudonym,
    sealed,
    times,
    volatile,
)

OPERATIONS: Final[tuple[Place, ...]] = (
    place(
        "dispatches",
        opaque("tenant_id", "workflow_id", "ref"),
        facts("kind"),
        volatile("again"),
        times("created_at", "dispatched_at"),
        erasers=(erasers.VERSION, erasers.DOCUMENT, "lethe.privacy.retention:expire_dispatches"),
    ),
    place(
        "dead_letters",
        opaque("tenant_id", "id", "document_id", "version_id", "workflow_id", "opening_id", "decision_id"),
        facts("step", "code", "failure_class", "state", "cause_code", "page", "first_chunk", "last_chunk"),
        volatile("attempts", "openings"),
        digest("input_hmac", "the bytes"),
        digest("content_fp", "the bytes and the pipeline"),
        sealed("sealed_detail", "what a parser or store said of the document", Key.VERSION),
        times("created_at", "updated_at"),
        erasers=(erasers.VERSION, erasers.RETENTION),
    ),
    place(
        "letter_resolutions",
        opaque("tenant_id", "id", "cursor_id"),
        facts("action", "failure_class", "code", "step"),
        volatile("matched", "done", "skipped"),
        times("created_after", "created_before", "created_at", "updated_at", "cursor_at", "finished_at"),
        erasers=("lethe.privacy.retention:expire_letters",),
    ),
    place(
        "ingestion_tallies",
        opaque("tenant_id"),
        volatile("minute", "ready", "failed"),
        reason="how many ingestions of a customer ended in each minute, and how",
    ),
    place(
        "idempotency_keys",
        opaque("tenant_id", "key_id"),
        pseudonym("principal_id", "the caller"),
        digest("key_hmac", "the caller's key"),
        digest("request_hmac", "the request"),
        facts("status"),
        sealed("sealed_body", "the response: title and metadata of the caller's own document", Key.RESPONSE),
        times("created_at", "renewed_at"),
        erasers=("lethe.ports.ledger:IdempotencyRepository.forget",),
    ),
)
