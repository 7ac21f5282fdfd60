"""When and how the stores are compared with the ledger."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section


class AuditSettings(Section):
    """The comparison of the ledger with the stores that are derived from it."""

    every_minutes: Annotated[int, Field(ge=1)] = 60
    """How often every tenant is audited; one audit at a time."""
    jitter_minutes: Annotated[int, Field(ge=0)] = 5
    """Up to how much later than planned one begins, so that many installations do not begin at once."""
    settle_seconds: float = 60.0
    """How long after a change of readers or metadata the index may still have the former ones."""
    page: Annotated[int, Field(ge=1, le=2000)] = 500
    """Ids of each side held at a time."""
    pages_per_step: Annotated[int, Field(ge=1)] = 20
    """Pages after which the place is written down."""
    keep_days: int = 30
    """How long results of audits, and of deletions and updates by selection, are kept."""
