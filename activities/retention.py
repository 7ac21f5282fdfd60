"""Removing what is past its time: on the io queue."""

from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.retention import (
    RetainAllRun,
    RetainedPage,
    RetentionPage,
    RetentionPlan,
    RetentionReport,
    RetentionsBegun,
    RetentionStart,
)
from lethe.ingestion.retaining import Retaining
from lethe.telemetry import RETENTION_HELD, RETENTION_REMOVED


@dataclass(frozen=True)
class RetentionActivities:
    """Begin, plan, remove, tell."""

    retaining: Retaining

    @activity.defn
    async def begin_retention(self, run: RetainAllRun) -> RetentionsBegun:
        return await self.retaining.begin(run.after)

    @activity.defn
    async def plan_retention(self, start: RetentionStart) -> RetentionPlan:
        return await self.retaining.plan(start)

    @activity.defn
    async def expire_page(self, page: RetentionPage) -> RetainedPage:
        expired = await self.retaining.page(page)
        RETENTION_REMOVED.labels(page.kind.value).inc(expired.tally.removed)
        return expired

    @activity.defn
    async def finish_retention(self, report: RetentionReport) -> None:
        await self.retaining.finish(report)
        for each in report.kinds:
            RETENTION_HELD.labels(each.kind.value).set(each.tally.held)
