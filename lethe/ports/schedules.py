"""Temporal's schedules, as far as sources and their owners need them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from lethe.model.ids import Id
from lethe.model.schedules import ScheduleView, Timing


class Schedules(Protocol):
    """Raises WorkflowsUnavailable when Temporal does not answer."""

    async def ensure(self, tenant_id: Id, source_id: Id, timing: Timing, paused_by: Id | None) -> None:
        """Have the source synced so, or paused by that principal. What an operator paused in Temporal stays paused."""
        ...

    async def remove(self, tenant_id: Id, source_id: Id) -> None:
        """Have it synced by the clock no more; one that is not is no error."""
        ...

    async def of_sources(self, tenant_id: Id, source_ids: Sequence[Id]) -> list[ScheduleView]:
        """Those of the sources' that are there, in this order."""
        ...

    async def of_installation(self) -> list[ScheduleView]:
        """Those that are no source's."""
        ...

    async def resume(self, tenant_id: Id, source_id: Id, by: Id) -> None:
        """Go on, also where an operator paused it in Temporal. Raises ScheduleNotFound."""
        ...

    async def backfill(self, tenant_id: Id, source_id: Id, start: datetime, end: datetime) -> None:
        """Make up for the runs of a time that has passed, one after the other. Raises ScheduleNotFound."""
        ...
