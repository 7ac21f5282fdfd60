"""How sources are kept in step with."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section


class SyncSettings(Section):
    """The rounds by which documents follow the sources they come from."""

    ask_above_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """A listing that lacks more than this share of the known items stops, and asks before anything is deleted."""
    answer_days: Annotated[float, Field(gt=0)] = 7.0
    """How long it waits for the answer; then the round ends, and nothing was deleted."""
    page_items: Annotated[int, Field(ge=1, le=5000)] = 500
    """Items of a listing that are compared at a time."""
    take_items: Annotated[int, Field(ge=1, le=2000)] = 200
    """Items that are read by one call, after which the place is written down."""
    reads: Annotated[int, Field(ge=1, le=32)] = 4
    """Items that are read at once."""
    batch_window: Annotated[int, Field(ge=1, le=16)] = 2
    """Batches of a round that are ingested at once."""
    overdue_check_seconds: Annotated[float, Field(gt=0)] = 30.0
    """How often each process looks which sources are overdue."""
    recheck_seconds: Annotated[float, Field(gt=0)] = 3600.0
    """How long after a round that took something in it is looked whether anything erased is back, at most twice as
    long: one look for all rounds of such a time."""
    run_days: Annotated[int, Field(ge=1)] = 90
    """How long the counts of past rounds are kept."""
