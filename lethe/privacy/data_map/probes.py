"""The ledger's tables of probes, and of versions made anew."""

from typing import Final

from lethe.privacy.data_map.declaration import Place, facts, opaque, place, times, volatile

PROBES: Final[tuple[Place, ...]] = (
    place(
        "embedding_probes",
        opaque("tenant_id"),
        facts("spec"),
        volatile("compared", "worst"),
        times("probed_at", "stopped_at"),
        reason="whether a model changed",
    ),
    place(
        "quality_probes",
        opaque("tenant_id"),
        volatile("questions", "precision"),
        times("probed_at"),
        reason="how much of what was judged right is still found",
    ),
    place(
        "embedding_references",
        opaque("tenant_id"),
        facts("spec", "number", "vector"),
        reason="vectors of a few sentences of our own",
    ),
)

REINDEXES: Final = place(
    "reindexes",
    opaque("tenant_id", "id"),
    facts("state", "dry_run", "reasons", "currency"),
    volatile("matched", "parser", "chunker", "policy", "chunks", "tokens", "begun", "skipped", "failed"),
    volatile("cost_micros", "seconds"),
    times("created_at", "ended_at"),
    reason="counts",
)
