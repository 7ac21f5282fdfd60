"""Histories of the workflows that worked on one document or question; they hold opaque ids only."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lethe.errors import WorkflowsUnavailable
from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.ids import Id
from lethe.model.operations import DispatchKind
from lethe.model.personal_data import Item, ItemKind, StoreName, Trace
from lethe.model.workflow_ids import dispatch_id, question_id
from lethe.ports.personal_data import HistoryStore, Located
from lethe.privacy.erasure.stores.base import batches, items_of

BATCH: Final = 100

_KINDS: Final = {
    ItemKind.VERSION: (DispatchKind.INGEST_DOCUMENT, DispatchKind.DISCARD_VERSION),
    ItemKind.DOCUMENT: (DispatchKind.APPLY_METADATA, DispatchKind.DELETE_DOCUMENT),
}


@dataclass(frozen=True, slots=True)
class HistoryEraser:
    """Runs that many documents share stay for the namespace's retention: their ids resolve to nothing by then."""

    histories: HistoryStore
    retention: timedelta
    patience_seconds: float = 90.0
    """How long a deleted run may still be described: one just closed takes half a minute by default."""
    poll_seconds: float = 1.0
    name = StoreName.HISTORIES
    method = ErasureMethod.DELETED

    async def locate(self, tenant_id: Id, trace: Trace) -> Located:
        return Located(
            items_of(self.name, ItemKind.VERSION, trace.versions)
            + items_of(self.name, ItemKind.DOCUMENT, trace.documents)
            + items_of(self.name, ItemKind.QUESTION, trace.questions)
        )

    async def erase(self, tenant_id: Id, items: Sequence[Item]) -> None:
        """Returns when the server describes none of them any more. Raises WorkflowsUnavailable."""
        left = _workflow_ids(tenant_id, items)
        try:
            async with asyncio.timeout(self.patience_seconds):
                while left and await self._delete(left):
                    if left := sorted(await self._existing(left)):
                        await asyncio.sleep(self.poll_seconds)
        except TimeoutError as error:
            raise WorkflowsUnavailable from error

    async def remaining(self, tenant_id: Id, items: Sequence[Item]) -> int:
        return len(await self._existing(_workflow_ids(tenant_id, items)))

    async def _delete(self, workflow_ids: Sequence[str]) -> int:
        return sum([await self.histories.delete(some) for some in batches(workflow_ids, BATCH)])

    async def _existing(self, workflow_ids: Sequence[str]) -> set[str]:
        found = set[str]()
        for some in batches(workflow_ids, BATCH):
            found |= await self.histories.existing(some)
        return found

    async def purge(self, tenant_id: Id, since: datetime) -> PurgeState:
        return PurgeState.AGES_OUT

    def horizon(self, as_of: datetime) -> datetime | None:
        return as_of + self.retention


def _workflow_ids(tenant_id: Id, items: Sequence[Item]) -> list[str]:
    found = set[str]()
    for item in items:
        if item.kind is ItemKind.QUESTION:
            found.add(question_id(tenant_id, item.ref))
        for kind in _KINDS.get(item.kind, ()):
            found.add(dispatch_id(kind, tenant_id, item.ref))
    return sorted(found)
