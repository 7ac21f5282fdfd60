"""Deletions and updates of many documents: on the io queue."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity

from lethe.contracts.ingestion import DocumentRef
from lethe.contracts.selection import (
    Changed,
    RemovalPage,
    RemovedPage,
    SelectedPage,
    SelectionBatch,
    SelectionPage,
)
from lethe.ingestion.deletion import Deletions
from lethe.ingestion.removing import remove_page
from lethe.ingestion.selections import Selections
from lethe.ingestion.steps import publishing
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.privacy.retention import expire_selections

REWRITES_IN_FLIGHT = 4


@dataclass(frozen=True)
class SelectionActivities:
    """Look, change, remove, tell. ``keep``: how long counts stay."""

    selections: Selections
    deletions: Deletions
    pipeline: Pipeline
    keep: timedelta

    @activity.defn
    async def select_page(self, page: SelectionPage) -> SelectedPage:
        return await self.selections.page(page)

    @activity.defn
    async def delete_selected(self, batch: SelectionBatch) -> Changed:
        return await self.selections.delete(batch)

    @activity.defn
    async def update_selected(self, batch: SelectionBatch) -> Changed:
        changed = await self.selections.update(batch)
        slots = asyncio.Semaphore(REWRITES_IN_FLIGHT)

        async def rewrite(document_id: str) -> None:
            async with slots:
                ref = DocumentRef(tenant_id=batch.selection.tenant_id, document_id=document_id)
                await publishing.apply_metadata(self.pipeline, ref)

        # All, also those an earlier attempt changed: it may have died before the index knew.
        await asyncio.gather(*(rewrite(document_id) for document_id in batch.ids))
        return changed

    @activity.defn
    async def remove_deleted(self, page: RemovalPage) -> RemovedPage:
        return await remove_page(self.selections.ledger, self.deletions, page)

    @activity.defn
    async def finish_selection(self, page: SelectionPage) -> None:
        await self.selections.finish(page.selection, page.totals)
        before = self.selections.clock.now() - self.keep
        await expire_selections(self.selections.ledger, self.selections.keyring, before)
