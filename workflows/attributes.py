"""Search attributes: what operators filter by in the Temporal UI. Opaque values only (P5)."""

from typing import Final

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

TENANT: Final = SearchAttributeKey.for_keyword("tenant")
KIND: Final = SearchAttributeKey.for_keyword("kind")
REF: Final = SearchAttributeKey.for_keyword("ref")
STATE: Final = SearchAttributeKey.for_keyword("state")

ALL: Final = (TENANT, KIND, REF, STATE)

RUNNING: Final = "running"
NEEDS_ATTENTION: Final = "needs_attention"
AWAITS_RELEASE: Final = "awaits_release"
SETTLING: Final = "settling"
READY: Final = "ready"
SUPERSEDED: Final = "superseded"
DISCARDED: Final = "discarded"
FAILED: Final = "failed"
PAUSED: Final = "paused"
CANCELLED: Final = "cancelled"
DONE: Final = "done"


def started(tenant_id: str, kind: str, ref: str) -> TypedSearchAttributes:
    """The attributes a workflow starts with."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(TENANT, tenant_id),
            SearchAttributePair(KIND, kind),
            SearchAttributePair(REF, ref),
            SearchAttributePair(STATE, RUNNING),
        ]
    )
