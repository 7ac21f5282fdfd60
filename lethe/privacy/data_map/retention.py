"""The ledger's tables of how long what is kept."""

from typing import Final

from lethe.privacy.data_map.declaration import Place, facts, opaque, place, pseudonym, times, volatile

RETENTION: Final[tuple[Place, ...]] = (
    place(
        "retention_policies",
        opaque("tenant_id"),
        facts("document_days", "question_days", "dead_letter_days"),
        pseudonym("changed_by", "the admin who said so"),
        times("changed_at"),
        reason="what a customer decided; the principal is opaque here",
    ),
    place(
        "retention_runs",
        opaque("tenant_id", "id"),
        facts("state", "trigger", "dry_run"),
        times("created_at", "ended_at"),
        reason="when what was past its time was removed",
    ),
    place(
        "retention_counts",
        opaque("tenant_id", "run_id"),
        facts("kind"),
        volatile("matched", "held", "removed"),
        times("oldest_at"),
        reason="counts",
    ),
)
