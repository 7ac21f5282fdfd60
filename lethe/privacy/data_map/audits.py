"""Audits of the stores, and what was done with many documents at once."""

from typing import Final

from lethe.privacy.data_map.declaration import Key, Place, facts, opaque, place, pseudonym, sealed, times, volatile

AUDITS: Final[tuple[Place, ...]] = (
    place(
        "audits",
        opaque("tenant_id", "id"),
        facts("state", "trigger"),
        times("created_at", "ended_at"),
        reason="when the stores were compared with the ledger",
    ),
    place(
        "audit_counts",
        opaque("tenant_id", "audit_id", "build_id"),
        facts("store"),
        volatile("expected", "found", "orphans", "holes", "stale", "repaired", "refused"),
        reason="counts",
    ),
    place(
        "selections",
        opaque("tenant_id", "id"),
        facts("action", "state", "role", "matched", "done", "skipped"),
        pseudonym("principal_id", "the caller"),
        pseudonym("readers", "the caller and its groups"),
        sealed("sealed_wish", "the filter or source prefix, and the metadata to write", Key.SELECTION),
        times("created_at", "ended_at"),
        erasers=("lethe.ingestion.selections:Selections.finish", "lethe.privacy.retention:expire_selections"),
    ),
)
