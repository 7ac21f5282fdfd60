"""Schedules in memory: what they would do is left to who asks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lethe.errors import LetheError, ScheduleNotFound
from lethe.model.ids import Id
from lethe.model.schedules import ScheduleView, Timing


@dataclass
class FakeSchedules:
    """lethe.ports.schedules.Schedules. ``fails_with`` stands for Temporal being away."""

    timings: dict[Id, Timing] = field(default_factory=dict[Id, Timing])
    paused_by: dict[Id, Id] = field(default_factory=dict[Id, Id])
    backfilled: list[tuple[Id, datetime, datetime]] = field(default_factory=list[tuple[Id, datetime, datetime]])
    fails_with: LetheError | None = None

    async def ensure(self, tenant_id: Id, source_id: Id, timing: Timing, paused_by: Id | None) -> None:
        self._answer()
        self.timings[source_id] = timing
        self.paused_by.pop(source_id, None)
        if paused_by is not None:
            self.paused_by[source_id] = paused_by

    async def remove(self, tenant_id: Id, source_id: Id) -> None:
        self._answer()
        self.timings.pop(source_id, None)

    async def of_sources(self, tenant_id: Id, source_ids: Sequence[Id]) -> list[ScheduleView]:
        self._answer()
        return [self._view(each) for each in source_ids if each in self.timings]

    async def of_installation(self) -> list[ScheduleView]:
        self._answer()
        return [ScheduleView("tidy-up", "tidy-up", None, None, None, False, None, "", False)]

    async def resume(self, tenant_id: Id, source_id: Id, by: Id) -> None:
        self._require(source_id)
        self.paused_by.pop(source_id, None)

    async def backfill(self, tenant_id: Id, source_id: Id, start: datetime, end: datetime) -> None:
        self._require(source_id)
        self.backfilled.append((source_id, start, end))

    def _require(self, source_id: Id) -> None:
        self._answer()
        if source_id not in self.timings:
            raise ScheduleNotFound

    def _answer(self) -> None:
        if self.fails_with:
            raise self.fails_with

    def _view(self, source_id: Id) -> ScheduleView:
        by = self.paused_by.get(source_id)
        return ScheduleView(source_id, "sync", source_id, None, None, by is not None, by, "", False)
