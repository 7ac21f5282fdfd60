"""Retention activities with the real names: pages that a test counts, and what was asked of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity

from lethe.contracts.retention import (
    RetainAllRun,
    RetainedPage,
    RetentionPage,
    RetentionPlan,
    RetentionReport,
    RetentionsBegun,
    RetentionStart,
    RetentionTally,
)
from lethe.contracts.selection import RemovalPage, RemovedPage
from lethe.model.ids import Id
from tests.workflows.scripted import Scripted
from tests.workflows.scripted_selection import document_at
from workflows.policies import Queue

OLD = datetime(2026, 1, 1, tzinfo=UTC)


class ScriptedRetention(Scripted):
    """``pages`` of each kind, with ``matched`` past their time on each, of which one is held."""

    def __init__(self, pages: int = 1, *, dry_run: bool = False, matched: int = 10) -> None:
        super().__init__()
        self.pages_of_each = pages
        self.dry_run = dry_run
        self.matched = matched
        self.runs: list[RetentionsBegun] = []
        self.starts: list[RetentionStart] = []
        self.asked: list[tuple[str, Id | None]] = []
        self.removed: list[Id | None] = []
        self.told: list[RetentionReport] = []

    @activity.defn
    async def begin_retention(self, run: RetainAllRun) -> RetentionsBegun:
        self._called("begin_retention")
        return self.runs.pop(0)

    @activity.defn
    async def plan_retention(self, start: RetentionStart) -> RetentionPlan:
        self._called("plan_retention")
        self.starts.append(start)
        before = start.as_of - timedelta(days=90)
        return RetentionPlan(
            as_of=start.as_of,
            dry_run=self.dry_run,
            documents_before=before,
            questions_before=before,
            letters_before=before,
        )

    @activity.defn
    async def expire_page(self, page: RetentionPage) -> RetainedPage:
        self._called("expire_page")
        self.asked.append((page.kind.value, page.after))
        place = int(page.after[-12:]) + 1 if page.after else 1
        tally = RetentionTally()
        if self.matched:
            removed = 0 if page.plan.dry_run else self.matched - 1
            tally = RetentionTally(matched=self.matched, held=1, removed=removed, oldest_at=OLD)
        return RetainedPage(after=document_at(place) if place < self.pages_of_each else None, tally=tally)

    @activity.defn
    async def remove_deleted(self, page: RemovalPage) -> RemovedPage:
        self._called("remove_deleted")
        self.removed.append(page.after)
        return RemovedPage(after=document_at(1) if page.after is None else None, documents=50, objects=100)

    @activity.defn
    async def finish_retention(self, report: RetentionReport) -> None:
        self._called("finish_retention")
        self.told.append(report)

    def of(self, queue: Queue) -> Sequence[Callable[..., Any]]:
        own = [
            self.begin_retention,
            self.plan_retention,
            self.expire_page,
            self.remove_deleted,
            self.finish_retention,
        ]
        return [*super().of(queue), *(own if queue is Queue.IO else [])]
