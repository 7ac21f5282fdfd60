"""Which sources are overdue: looked up by the clock, so that no question asks for it."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from lethe.errors import LetheError
from lethe.model.ids import Id
from lethe.model.syncs import Source
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger
from lethe.telemetry import SOURCE_AGE, SOURCES_OVERDUE

logger: Final = logging.getLogger("lethe.sources")


@dataclass
class OverdueSources:
    """Of every tenant, as of at most ``seconds`` ago; a source that gets too old between two looks is told at once."""

    ledger: Ledger
    clock: Clock
    seconds: float
    _due: dict[Id, datetime] = field(default_factory=dict[Id, datetime])

    def __call__(self, source_id: Id | None) -> bool:
        """Whether what came from the source may be out of date."""
        due = self._due.get(source_id) if source_id and self._due else None
        return due is not None and self.clock.now() > due

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except LetheError as error:
                logger.warning("sources not looked at", extra={"code": error.code})
            await asyncio.sleep(self.seconds)

    async def look(self) -> None:
        """Also sets the gauges."""
        async with self.ledger.read() as uow:
            sources = await uow.sources.all()
        self._due = {each.id: _due(each) for each in sources if each.overdue_seconds is not None}
        now = self.clock.now()
        SOURCE_AGE.clear()
        for source in sources:
            SOURCE_AGE.labels(source.id).set(source.age(now).total_seconds())
        SOURCES_OVERDUE.set(sum(source.is_overdue(now) for source in sources))


def _due(source: Source) -> datetime:
    return (source.last_good_at or source.created_at) + timedelta(seconds=source.overdue_seconds or 0)
