"""Tenants, and the keys of their callers."""

from typing import Final

from lethe.privacy.data_map.declaration import Category, Field, Place, facts, opaque, place, pseudonym, times, volatile

TENANTS: Final[tuple[Place, ...]] = (
    place(
        "tenants",
        opaque("tenant_id"),
        Field("name", Category.NOTHING, "the customer's name for itself, given by the operator"),
        facts("allowed_providers"),
        volatile("seq"),
        times("created_at"),
        reason="a tenant is a customer, not a person; the row goes with the contract",
    ),
    place(
        "api_keys",
        opaque("tenant_id", "id"),
        pseudonym("principal_id", "the caller, known by name only to the customer's own directory"),
        facts("role"),
        Field("secret_sha256", Category.CREDENTIAL, "digest of a secret of 256 random bits"),
        times("created_at", "revoked_at"),
        reason="a revoked key stays as the record of who could act; the principal is opaque here",
    ),
    place(
        "api_key_groups",
        opaque("tenant_id", "key_id"),
        pseudonym("group_id", "a group of callers"),
        reason="opaque ids of a key that is revoked with its principal",
    ),
)
