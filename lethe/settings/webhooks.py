"""Settings of webhooks."""

from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section


class WebhookSettings(Section):
    """Telling other servers of events."""

    allow_private: bool = False
    """Whether http and addresses that are not global are taken: for development, and for receivers inside."""
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 15.0
    """How long one attempt may take in all."""
    delays_seconds: Annotated[tuple[float, ...], Field(min_length=1, max_length=20)] = (
        *(5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400),
    )
    """Pauses between attempts, as the Standard Webhooks specification proposes; after the last the delivery is dead."""
    delivery_days: Annotated[int, Field(ge=1)] = 7
    """How long deliveries that were made or are dead are kept."""
