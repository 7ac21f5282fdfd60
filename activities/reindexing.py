"""Making versions anew: on the io queue."""

from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.reindexing import ReindexedPage, ReindexPage, ReindexReport, ReindexWait
from lethe.ingestion.reindexing import Reindexing


@dataclass(frozen=True)
class ReindexActivities:
    """Look and begin, wait, tell."""

    reindexing: Reindexing

    @activity.defn
    async def reindex_page(self, page: ReindexPage) -> ReindexedPage:
        return await self.reindexing.page(page)

    @activity.defn
    async def reindex_waiting(self, wait: ReindexWait) -> int:
        return await self.reindexing.waiting(wait)

    @activity.defn
    async def finish_reindex(self, report: ReindexReport) -> None:
        await self.reindexing.finish(report)
