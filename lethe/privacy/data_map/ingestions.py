"""Ingestions of many documents, and what they refused."""

from typing import Final

from lethe.privacy.data_map.declaration import Key, Place, digest, facts, opaque, place, pseudonym, sealed, times

INGESTIONS: Final[tuple[Place, ...]] = (
    place(
        "ingestions",
        opaque("tenant_id", "id", "archive_key"),
        pseudonym("principal_id", "the caller"),
        pseudonym("groups", "the caller's groups"),
        facts("role", "state", "batch_window", "given", "added", "updated", "skipped", "refused", "unpacked"),
        digest("archive_hmac", "the bytes of an archive"),
        sealed("sealed_options", "what the sender said of every document: metadata, people", Key.INGESTION),
        times("created_at", "updated_at", "closed_at", "ended_at"),
        erasers=("lethe.privacy.retention:expire_ingestions",),
    ),
    place(
        "ingestion_refusals",
        opaque("tenant_id", "id", "ingestion_id"),
        facts("code"),
        sealed("sealed_name", "the name of a file that was refused", Key.INGESTION),
        times("created_at"),
        erasers=("lethe.privacy.retention:expire_ingestions",),
    ),
)
