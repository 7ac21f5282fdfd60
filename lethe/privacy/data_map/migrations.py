"""Migrations of indexes."""

from typing import Final

from lethe.privacy.data_map.declaration import Place, facts, opaque, place, pseudonym, times, volatile

MIGRATIONS: Final[Place] = place(
    "migrations",
    opaque("tenant_id", "id", "judgements"),
    pseudonym("principal_id", "the admin who ordered it"),
    facts("state", "source_spec", "source_parameters", "target_spec", "target_parameters", "is_canary", "is_automatic"),
    facts("soak_seconds", "budget_micros", "plan", "report", "move", "code", "despite_refused"),
    volatile("is_paused", "checked_seq"),
    times("created_at", "updated_at", "cut_over_at", "ended_at", "swept_at"),
    reason="which model a tenant's index was made by, how good it was; judgements are ids of questions and documents",
)
