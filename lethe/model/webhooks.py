"""Webhooks: who wants to be told of what, and each telling."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class WebhookEvent(StrEnum):
    """What may be told. ``failed``: the ingestion will not go on by itself. ``failing``: it failed time and again."""

    DOCUMENT_COMPLETED = "document.completed"
    DOCUMENT_FAILED = "document.failed"
    DOCUMENT_DELETED = "document.deleted"
    DOCUMENT_FAILING = "document.failing"
    FAILURE_RATIO = "ingestion.failure_ratio"
    INGESTION_COMPLETED = "ingestion.completed"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told. ``sealed_url`` and ``sealed_secret`` open with the data key of the webhook's own id."""

    tenant_id: Id
    id: Id
    sealed_url: bytes
    sealed_secret: bytes
    events: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None = None


class DeliveryState(StrEnum):
    """``dead``: given up; it can be delivered again by hand."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook: ids, a code and counts only. Its id is the `webhook-id` of every attempt.

    ``subject_id`` is what the event is about where that is no document. ``last_status`` is the HTTP status of the last
    answer, None where there was none; ``last_code`` says why the last attempt failed.
    """

    tenant_id: Id
    id: Id
    webhook_id: Id
    event: WebhookEvent
    document_id: Id | None
    version_id: Id | None
    subject_id: Id | None
    code: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    updated_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    last_status: int | None = None
    last_code: str = ""
