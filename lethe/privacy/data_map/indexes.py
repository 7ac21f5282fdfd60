"""Copies of the corpus in stores outside the ledger."""

from typing import Final

from lethe.privacy.data_map import erasers
from lethe.privacy.data_map.declaration import Place, facts, opaque, place, times, volatile

INDEXES: Final[tuple[Place, ...]] = (
    place(
        "index_builds",
        opaque("tenant_id", "id"),
        facts("kind", "spec", "parameters", "number", "collection", "state"),
        volatile("seq", "served_from"),
        times("created_at"),
        reason="describes a copy of the corpus; what the copy holds is declared with the vector index",
    ),
    place(
        "artefacts",
        opaque("tenant_id", "version_id", "build_id"),
        facts("store", "state"),
        times("created_at"),
        erasers=(erasers.VERSION,),
    ),
)
