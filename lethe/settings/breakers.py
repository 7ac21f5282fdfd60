"""Settings of circuit breakers."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section

Seconds = Annotated[float, Field(gt=0)]


class BreakerSettings(Section):
    """When a provider or store that fails is left alone, and for how long."""

    failures: Annotated[int, Field(ge=1)] = 5
    """Failures in a row that open a breaker."""
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of failures that opens it."""
    ratio_calls: Annotated[int, Field(ge=1)] = 10
    """Calls below which there is no share to speak of."""
    window_seconds: Seconds = 60.0
    """How far back calls count for the share."""
    open_seconds: Seconds = 60.0
    """How long a provider of language models is left alone, unless it says itself; doubled after each failed probe."""
    longest_seconds: Seconds = 600.0
    """Most it is doubled to."""
    probe_seconds: Seconds = 30.0
    """A probe of a provider that has not ended by then is given up, and another made."""
    store_open_seconds: Seconds = 30.0
    """How long a store, an embedder or a reranker is left alone between two probes."""
    store_probe_seconds: Seconds = 5.0
    """A probe of one of those that has not ended by then is given up, and another made."""
    store_patience_seconds: Seconds = 1.0
    """A call of one of those that its caller gives up after this long, or longer, counts as failed."""
    shared_seconds: Seconds = 0.25
    """How long Redis may take to say what other processes know; then each process decides for itself."""
