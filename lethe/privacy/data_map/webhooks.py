"""Addresses that are told what became of documents."""

from typing import Final

from lethe.privacy.data_map import erasers
from lethe.privacy.data_map.declaration import Key, Place, facts, opaque, place, sealed, times, volatile

WEBHOOKS: Final[tuple[Place, ...]] = (
    place(
        "webhooks",
        opaque("tenant_id", "id"),
        sealed("sealed_url", "an address of the customer's, which may name somebody", Key.WEBHOOK),
        sealed("sealed_secret", "what signs its messages", Key.WEBHOOK),
        facts("events"),
        times("created_at", "disabled_at"),
        erasers=("lethe.webhooks.registry:Webhooks.delete",),
    ),
    place(
        "webhook_deliveries",
        opaque("tenant_id", "id", "webhook_id", "document_id", "version_id", "subject_id"),
        facts("event", "code", "counts"),
        volatile("state", "attempts", "last_status", "last_code"),
        times("created_at", "updated_at"),
        erasers=(erasers.DOCUMENT, "lethe.privacy.retention:expire_deliveries"),
    ),
)
