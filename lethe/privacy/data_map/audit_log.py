"""The log of erasures."""

from typing import Final

from lethe.privacy.data_map.declaration import Key, Place, facts, opaque, place, sealed, times

AUDIT_LOG: Final[tuple[Place, ...]] = (
    place(
        "log_leaves",
        opaque("tenant_id", "ref", "key_id"),
        facts("leaf_index", "kind", "number", "data", "nodes"),
        sealed("sealed_detail", "who lifted a suppression and why, and the salt of its commitment", Key.ERASURE),
        times("created_at"),
        erasers=("lethe.ports.keyring:KeyRing.destroy",),
    ),
    place(
        "log_checkpoints",
        facts("size", "note", "witness_key"),
        times("created_at"),
        reason="hashes and signatures of the log as a whole",
    ),
)
"""Rows are never changed or deleted: what they hold of a person goes with its key."""
