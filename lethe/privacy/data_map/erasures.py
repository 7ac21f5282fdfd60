"""Erasure requests and what they leave."""

from typing import Final

from lethe.privacy.data_map.declaration import (
    Category,
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

_FORGET: Final = "lethe.ports.ledger:ErasureRepository.forget"

ERASURES: Final[tuple[Place, ...]] = (
    place(
        "erasures",
        opaque("tenant_id", "id"),
        facts("state", "basis", "reason", "documents", "needs_approval", "held_from", "hold_reason"),
        pseudonym("requested_by", "the caller who asked"),
        pseudonym("approved_by", "the caller who approved"),
        opaque("document_ids"),
        digest("prefix_hmacs", "beginnings of source URIs"),
        volatile("rounds", "rounds_before"),
        times("created_at", "updated_at", "deadline_at", "accepted_at", "fenced_at", "discovered_at", "deleted_at"),
        times("round_at", "erasing_at", "purging_at", "purged_at", "verified_at", "certified_at", "ended_at"),
        reason="the record that somebody was forgotten: nothing in it says who",
    ),
    place(
        "erasure_identifiers",
        opaque("tenant_id", "erasure_id"),
        facts("kind"),
        digest("blind", "the identifier"),
        digest("tag", "the identifier as a text shows it"),
        sealed("sealed_identifier", "mail, phone, name, staff number", Key.ERASURE, Category.IDENTIFIER),
        times("tagged_at"),
        erasers=(_FORGET,),
    ),
    place(
        "erasure_subjects",
        opaque("tenant_id", "erasure_id"),
        pseudonym("subject_id", "the person"),
        erasers=(_FORGET,),
    ),
    place(
        "erasure_items",
        opaque("tenant_id", "erasure_id", "ref"),
        facts("store", "kind", "state", "code"),
        volatile("round"),
        times("updated_at"),
        erasers=(_FORGET,),
    ),
    place(
        "erasure_stores",
        opaque("tenant_id", "erasure_id"),
        facts("store", "method", "purge"),
        volatile("located", "erased", "held", "remaining", "round"),
        times("horizon_at", "updated_at"),
        reason="counts",
    ),
    place(
        "feedback_counts",
        opaque("tenant_id"),
        facts("prompt_version"),
        volatile("up", "down"),
        reason="what is left of erased verdicts: how many there were, of nobody and about nothing",
    ),
    place(
        "suppressions",
        opaque("tenant_id"),
        digest("tag", "an identifier of somebody erased, 128 bits of it"),
        times("day"),
        erasers=("lethe.ports.ledger:SuppressionRepository.lift",),
    ),
)
