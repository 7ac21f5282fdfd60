"""Webhooks on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.schemas.base import Given, OpaqueId, PageQuery, PlainText, Taken
from lethe.model.webhooks import DeliveryState, WebhookEvent


class WebhookIn(Taken):
    """Where to tell of what. The address is https on the public internet, unless the settings allow others."""

    url: Annotated[PlainText, Field(min_length=1, max_length=2048)]
    events: Annotated[list[WebhookEvent], Field(min_length=1, max_length=len(WebhookEvent))]


class WebhookOut(Given):
    """A webhook without its secret; one that answered 410 is disabled.

    ``url`` is null where a deletion broke off (delete it again), and while it names somebody who is being erased.
    """

    id: OpaqueId
    url: str | None
    events: list[WebhookEvent]
    created_at: datetime
    disabled_at: datetime | None


class NewWebhookOut(WebhookOut):
    """A webhook with its signing secret, which is shown here and never again; null where a request is repeated."""

    secret: str | None


class DeliveryQuery(PageQuery):
    """A list of deliveries, of one state or of all."""

    state: DeliveryState | None = None


class DeliveryOut(Given):
    """A delivery; ``id`` is the `webhook-id` of each attempt. ``last_status`` is null where nobody answered."""

    id: OpaqueId
    event: WebhookEvent
    document_id: OpaqueId | None
    version_id: OpaqueId | None
    code: str
    state: DeliveryState
    attempts: int
    last_status: int | None
    last_code: str
    created_at: datetime
    updated_at: datetime
