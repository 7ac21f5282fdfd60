"""Sources of documents, their items, and the syncs of each."""

from typing import Final

from lethe.privacy.data_map.declaration import Key, Place, digest, facts, opaque, place, pseudonym, sealed, times

_ENDED: Final = "lethe.ingestion.sync.removing:forget_source"

SOURCES: Final[tuple[Place, ...]] = (
    place(
        "sources",
        opaque("tenant_id", "id"),
        facts("kind", "state", "purpose", "legal_basis", "every_seconds", "cron", "jitter_seconds"),
        facts("catch_up_seconds", "overdue_seconds", "retention_days", "role", "mapping", "deletes_documents"),
        sealed("sealed_spec", "an address and filters of the customer's, which may name somebody", Key.SOURCE),
        pseudonym("readers", "callers and groups that may read what comes from it"),
        pseudonym("principal_id", "the caller who registered it"),
        pseudonym("groups", "the caller's groups"),
        pseudonym("paused_by", "the caller who paused its schedule"),
        times("created_at", "updated_at", "last_good_at"),
        erasers=(_ENDED,),
    ),
    place(
        "source_items",
        opaque("tenant_id", "source_id", "document_id", "seen_sync_id"),
        digest("key_hmac", "what the source calls the item: a path, an object's key, a page's address"),
        digest("revision_hmac", "the item's revision, which may be a digest of its bytes"),
        facts("state", "mapping", "code"),
        erasers=("lethe.ports.ledger:DocumentRepository.delete", _ENDED),
    ),
    place(
        "syncs",
        opaque("tenant_id", "id", "source_id", "ingestion_id"),
        facts("trigger", "is_dry_run", "state", "decision", "code", "known", "listed", "added", "updated", "skipped"),
        facts("vanished", "deleted", "failed", "suppressed"),
        times("created_at", "started_at", "ended_at"),
        reason="how many items of a source there were, and what became of them; old ones go by themselves",
    ),
    place(
        "sync_items",
        opaque("tenant_id", "id", "sync_id"),
        digest("key_hmac", "what the source calls the item"),
        digest("revision_hmac", "the item's revision"),
        facts("listed_as"),
        sealed("sealed_item", "what the source calls the item, and its file name", Key.SYNC),
        erasers=("lethe.ingestion.sync.rounds:finish_round", _ENDED),
    ),
)
