"""Webhooks and their deliveries."""

from sqlalchemy import JSON, Index, Integer, LargeBinary, String, Table

from lethe.adapters.sql.tables.metadata import id_key, metadata, of_tenant, refers, tenant_key
from lethe.adapters.sql.types import TextTuple, UtcDateTime, column, id_column, word
from lethe.model.webhooks import DeliveryState, WebhookEvent

webhooks = Table(
    "webhooks",
    metadata,
    tenant_key(),
    id_key(),
    column("sealed_url", LargeBinary),
    column("sealed_secret", LargeBinary),
    column("events", TextTuple),
    column("created_at", UtcDateTime),
    column("disabled_at", UtcDateTime, nullable=True),
    of_tenant(),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    tenant_key(),
    id_key(),
    id_column("webhook_id"),
    column("event", word(WebhookEvent)),
    id_column("document_id", nullable=True),
    id_column("version_id", nullable=True),
    id_column("subject_id", nullable=True),
    column("code", String(64)),
    column("state", word(DeliveryState)),
    column("attempts", Integer),
    column("created_at", UtcDateTime),
    column("updated_at", UtcDateTime),
    column("counts", JSON),
    column("last_status", Integer, nullable=True),
    column("last_code", String(64)),
    refers("webhook_id", "webhooks", cascade=True),
    Index("ix_webhook_deliveries_list", "tenant_id", "webhook_id", "created_at", "id"),
    Index("ix_webhook_deliveries_document", "tenant_id", "document_id"),
)
