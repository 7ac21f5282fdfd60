"""What was counted a moment ago: counting a large ingestion at each look would cost as its size times its looks."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from lethe.contracts.bulk import BulkCounts
from lethe.model.ids import Id
from lethe.model.ingestions import Ingestion

MOST: Final = 100
"""Ingestions remembered at once."""


@dataclass(frozen=True, slots=True)
class RecentCounts:
    """Counts of one moment each, so that they add up. An ingestion smaller than ``large`` is counted every time."""

    seconds: float = 5.0
    large: int = 1_000
    monotonic: Callable[[], float] = time.monotonic
    _known: dict[tuple[Id, Id], tuple[float, BulkCounts]] = field(
        default_factory=dict[tuple[Id, Id], tuple[float, BulkCounts]]
    )

    async def of(self, ingestion: Ingestion, count: Callable[[], Awaitable[BulkCounts]]) -> BulkCounts:
        """What ``count`` gave at most so many seconds ago, or gives now."""
        if ingestion.given < self.large:
            return await count()
        key, now = (ingestion.tenant_id, ingestion.id), self.monotonic()
        if key in self._known and now - self._known[key][0] < self.seconds:
            return self._known[key][1]
        counts = await count()
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = (now, counts)
        return counts
