"""Reindex activities with the real names."""

from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity

from lethe.contracts.reindexing import ReindexedPage, ReindexPage, ReindexReport, ReindexTally, ReindexWait
from tests.workflows.scripted import Scripted
from tests.workflows.scripted_selection import document_at
from workflows.policies import Queue


class ScriptedReindexing(Scripted):
    """``pages`` of three affected documents each, of which two are begun and served at the second look."""

    def __init__(self, pages: int = 1) -> None:
        super().__init__()
        self.pages = pages
        self.looks = 0
        self.told: list[ReindexReport] = []

    @activity.defn
    async def reindex_page(self, page: ReindexPage) -> ReindexedPage:
        self._called("reindex_page")
        place = int(page.after[-12:]) + 1 if page.after else 1
        tally = ReindexTally(matched=3, chunker=3, chunks=9, tokens=90, begun=2, skipped=1)
        after = document_at(place) if place < self.pages else None
        return ReindexedPage(after=after, tally=tally, begun=[document_at(1), document_at(2)])

    @activity.defn
    async def reindex_waiting(self, wait: ReindexWait) -> int:
        self._called("reindex_waiting")
        self.looks += 1
        return self.looks % 2

    @activity.defn
    async def finish_reindex(self, report: ReindexReport) -> None:
        self._called("finish_reindex")
        self.told.append(report)

    def of(self, queue: Queue) -> Sequence[Callable[..., Any]]:
        own = [self.reindex_page, self.reindex_waiting, self.finish_reindex]
        return [*super().of(queue), *(own if queue is Queue.IO else [])]
