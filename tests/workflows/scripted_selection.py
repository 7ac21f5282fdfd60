"""Selection activities with the real names: pages of documents that a test says, and what was done to them."""

from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity

from lethe.contracts.selection import (
    Changed,
    RemovalPage,
    RemovedPage,
    SelectedPage,
    SelectionBatch,
    SelectionPage,
)
from lethe.model.ids import Id
from lethe.model.selections import SelectionAction
from tests.workflows.scripted import Scripted
from workflows.policies import Queue


def document_at(place: int) -> Id:
    """The id of the document at a place: the same in each run."""
    return f"01900000-0000-7000-8000-{place:012}"


class ScriptedSelection(Scripted):
    """``documents`` fit, ``page`` at a time; those at a place divisible by ten are gone before they are changed.

    ``ingesting`` are versions of the first batch that are still on their way in.
    """

    def __init__(self, action: SelectionAction, documents: int, page: int = 200) -> None:
        super().__init__()
        self.action = action
        self.documents = documents
        self.page = page
        self.ingesting: list[Id] = []
        self.noted: list[SelectionPage] = []
        self.changed: list[Id] = []
        self.removed_after: list[Id | None] = []
        self.finished: list[SelectionPage] = []

    @activity.defn
    async def select_page(self, page: SelectionPage) -> SelectedPage:
        self._called("select_page")
        self.noted.append(page)
        first = int(page.after[-12:]) + 1 if page.after else 1
        last = min(first + self.page - 1, self.documents)
        ids = [document_at(place) for place in range(first, last + 1)]
        return SelectedPage(action=self.action, ids=ids, after=ids[-1] if last < self.documents else None)

    @activity.defn
    async def delete_selected(self, batch: SelectionBatch) -> Changed:
        self._called("delete_selected")
        changed = self._change(batch)
        running, self.ingesting = self.ingesting, []
        return changed.model_copy(update={"running": running})

    @activity.defn
    async def update_selected(self, batch: SelectionBatch) -> Changed:
        self._called("update_selected")
        return self._change(batch)

    @activity.defn
    async def remove_deleted(self, page: RemovalPage) -> RemovedPage:
        self._called("remove_deleted")
        self.removed_after.append(page.after)
        left = len(self.changed) - 50 * len(self.removed_after)
        after = document_at(len(self.removed_after)) if left > 0 else None
        return RemovedPage(after=after, documents=min(50, 50 + left), objects=100)

    @activity.defn
    async def finish_selection(self, page: SelectionPage) -> None:
        self._called("finish_selection")
        self.finished.append(page)

    def of(self, queue: Queue) -> Sequence[Callable[..., Any]]:
        own = [
            self.select_page,
            self.delete_selected,
            self.update_selected,
            self.remove_deleted,
            self.finish_selection,
        ]
        return [*super().of(queue), *(own if queue is Queue.IO else [])]

    def _change(self, batch: SelectionBatch) -> Changed:
        there = [each for each in batch.ids if int(each[-12:]) % 10]
        self.changed += there
        return Changed(done=len(there), skipped=len(batch.ids) - len(there))
