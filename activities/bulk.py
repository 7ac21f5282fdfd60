"""Bulk ingestions: planning and bookkeeping on the control queue, batches on their own."""

from collections.abc import Callable
from dataclasses import dataclass

from temporalio import activity

from activities.heartbeats import finished
from lethe.contracts.bulk import (
    BatchDone,
    BulkBatch,
    BulkCursor,
    BulkPage,
    IngestionRef,
    StateChange,
    SweepStep,
    Swept,
    WindowChange,
)
from lethe.ingestion.bulk.archives import Archives, Unpacking
from lethe.ingestion.bulk.batch import Batches, Reporter
from lethe.ingestion.bulk.planning import BulkPlanning
from lethe.telemetry import CHUNKS_EMBEDDED, DOCUMENTS


@dataclass(frozen=True)
class BulkActivities:
    """``reach`` names places inside an activity to fault tests."""

    batches: Batches
    planning: BulkPlanning
    archives: Archives
    reach: Callable[[str], None]

    @activity.defn
    async def plan_batches(self, cursor: BulkCursor) -> BulkPage:
        return await self.planning.page(cursor)

    @activity.defn
    async def ingest_batch(self, batch: BulkBatch) -> BatchDone:
        reporter = Reporter(
            finished=finished,
            is_stopping=activity.is_worker_shutdown,
            reach=lambda place: self.reach(f"batch.{place}"),
            attempt=activity.info().attempt,
        )
        done = await self.batches.bring_in(batch, reporter)
        CHUNKS_EMBEDDED.labels("computed").inc(done.computed)
        CHUNKS_EMBEDDED.labels("reused").inc(done.reused)
        DOCUMENTS.labels("ready").inc(done.ready)
        return done

    @activity.defn
    async def unpack_archive(self, ref: IngestionRef) -> None:
        unpacking = Unpacking(
            is_stopping=activity.is_worker_shutdown, reach=lambda place: self.reach(f"unpack.{place}")
        )
        await self.archives.unpack(ref, unpacking)

    @activity.defn
    async def change_bulk_state(self, change: StateChange) -> None:
        await self.planning.set_state(change)

    @activity.defn
    async def change_bulk_window(self, change: WindowChange) -> None:
        await self.planning.set_window(change)

    @activity.defn
    async def close_bulk(self, ref: IngestionRef) -> None:
        await self.planning.close(ref)

    @activity.defn
    async def finish_bulk(self, cursor: BulkCursor) -> BulkPage:
        return await self.planning.finish(cursor)

    @activity.defn
    async def drop_replaced(self, step: SweepStep) -> Swept:
        return await self.planning.drop_replaced(step)

    @activity.defn
    async def clear_bulk(self, step: SweepStep) -> Swept:
        return await self.planning.clear(step)
