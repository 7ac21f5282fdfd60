"""Bulk activities with the real names over a ledger in memory: positions, states and counts, no documents."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from lethe.contracts.bulk import (
    BatchDone,
    BulkBatch,
    BulkCounts,
    BulkCursor,
    BulkPage,
    FailedVersion,
    IngestionRef,
    Planned,
    StateChange,
    SweepStep,
    Swept,
    WindowChange,
)
from lethe.model.ids import Id
from lethe.model.ingestions import IngestionState
from tests.workflows.scripted import Scripted
from workflows.policies import Queue


def version_at(position: int) -> Id:
    """The id of the version at a position: the same in each run."""
    return f"01900000-0000-7000-8000-{position:012}"


class ScriptedBulk(Scripted):
    """``fails_at`` are the positions whose documents fail, ``replaces`` that every batch replaces versions.

    ``archive_calls`` is how many more it takes to unpack the archive.
    """

    def __init__(self, given: int, size: int = 50) -> None:
        super().__init__(chunks=1)
        self.given = given
        self.size = size
        self.state = IngestionState.RUNNING
        self.window = 4
        self.is_closed = True
        self.fails_at: frozenset[int] = frozenset()
        self.replaces = False
        self.brought: list[Id] = []
        self.failed = 0
        self.archive_calls = 0
        self.looks = 0

    @activity.defn
    async def plan_batches(self, cursor: BulkCursor) -> BulkPage:
        self.looks += 1
        return self._page(cursor.after)

    @activity.defn
    async def finish_bulk(self, cursor: BulkCursor) -> BulkPage:
        if self.is_closed and cursor.after >= self.given and not self.state.is_final:
            self.state = IngestionState.DONE
        return self._page(cursor.after)

    @activity.defn
    async def ingest_batch(self, batch: BulkBatch) -> BatchDone:
        self._called("ingest_batch")
        failed = [
            FailedVersion(tenant_id=batch.tenant_id, version_id=each, step="parse_document", code="no_text")
            for each in batch.version_ids
            if int(each[-12:]) in self.fails_at
        ]
        self.brought.extend(batch.version_ids)
        self.failed += len(failed)
        ready = len(batch.version_ids) - len(failed)
        return BatchDone(ready=ready, replaced=ready if self.replaces else 0, failed=failed)

    @activity.defn
    async def unpack_archive(self, ref: IngestionRef) -> None:
        self._called("unpack_archive")
        self.archive_calls -= 1

    @activity.defn
    async def change_bulk_state(self, change: StateChange) -> None:
        self.state = change.state

    @activity.defn
    async def change_bulk_window(self, change: WindowChange) -> None:
        self.window = change.batch_window

    @activity.defn
    async def close_bulk(self, ref: IngestionRef) -> None:
        self._called("close_bulk")
        self.is_closed = True

    @activity.defn
    async def drop_replaced(self, step: SweepStep) -> Swept:
        self._called("drop_replaced")
        return Swept(versions=1, is_more=False)

    @activity.defn
    async def clear_bulk(self, step: SweepStep) -> Swept:
        self._called("clear_bulk")
        return Swept(versions=1, is_more=False)

    def _page(self, after: int) -> BulkPage:
        positions = list(range(after + 1, self.given + 1))[: 8 * self.size]
        groups = [positions[start : start + self.size] for start in range(0, len(positions), self.size)]
        return BulkPage(
            state=self.state,
            is_closed=self.is_closed,
            has_archive=self.archive_calls > 0,
            batch_window=self.window,
            given=self.given,
            counts=BulkCounts(
                total=self.given,
                done=len(self.brought),
                added=len(self.brought) - self.failed,
                failed=self.failed,
            ),
            after=positions[-1] if positions else self.given,
            drop_after_seconds=60.0,
            idle_seconds=3600.0,
            batches=[Planned(version_ids=[version_at(each) for each in group], last=group[-1]) for group in groups],
        )

    @asynccontextmanager
    async def running(self, client: Client) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack, super().running(client):
            bulk = Worker(client, task_queue=Queue.BULK, activities=[self.ingest_batch, self.unpack_archive])
            await stack.enter_async_context(bulk)
            yield

    def of(self, queue: Queue) -> list[Callable[..., Any]]:
        extra = {
            Queue.CONTROL: [
                self.plan_batches,
                self.finish_bulk,
                self.change_bulk_state,
                self.change_bulk_window,
                self.close_bulk,
            ],
            Queue.IO: [self.drop_replaced, self.clear_bulk],
        }
        return [*super().of(queue), *extra.get(queue, [])]
