"""The rounds of a source: looks and words to the ledger on the control queue, what reads the source on io."""

from collections.abc import Callable
from dataclasses import dataclass

from temporalio import activity

from activities.heartbeats import finished
from lethe.contracts.sync import (
    Begun,
    Compared,
    Decided,
    Failed,
    Intake,
    IntakeEnd,
    Mapped,
    MappingPage,
    Removed,
    SourceRef,
    SyncRef,
    SyncRun,
    TookIn,
)
from lethe.ingestion.bulk.batch import Reporter
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.sync import listing, mapping, removing, rounds, taking
from lethe.ingestion.sync.arranging import arrange
from lethe.ingestion.sync.syncing import Syncing
from lethe.ports.schedules import Schedules


@dataclass(frozen=True)
class SyncActivities:
    """``reach`` names places inside an activity to fault tests."""

    syncing: Syncing
    pipeline: Pipeline
    schedules: Schedules
    reach: Callable[[str], None]

    @activity.defn
    async def arrange_source(self, ref: SourceRef) -> None:
        await arrange(self.syncing.ledger, self.schedules, ref)

    @activity.defn
    async def begin_round(self, run: SyncRun) -> Begun:
        return await rounds.begin_round(self.syncing, run)

    @activity.defn
    async def compare_source(self, ref: SyncRef) -> Compared:
        return await listing.compare(self.syncing, ref, self._reporter())

    @activity.defn
    async def look_at_decision(self, ref: SyncRef) -> Decided:
        return await rounds.look_at_decision(self.syncing, ref)

    @activity.defn
    async def apply_mapping(self, page: MappingPage) -> Mapped:
        return await mapping.apply_mapping(self.syncing, self.pipeline, page)

    @activity.defn
    async def begin_intake(self, ref: SyncRef) -> Intake:
        return await taking.begin_intake(self.syncing, ref)

    @activity.defn
    async def take_items(self, ref: SyncRef) -> TookIn:
        return await taking.take_in(self.syncing, ref, self._reporter())

    @activity.defn
    async def close_intake(self, ref: SyncRef) -> Intake:
        return await taking.close_intake(self.syncing, ref)

    @activity.defn
    async def look_at_intake(self, ref: SyncRef) -> IntakeEnd:
        return await taking.look_at_intake(self.syncing, ref)

    @activity.defn
    async def remove_vanished(self, ref: SyncRef) -> Removed:
        return await removing.remove_vanished(self.syncing, ref)

    @activity.defn
    async def finish_round(self, ref: SyncRef) -> None:
        await rounds.finish_round(self.syncing, ref)

    @activity.defn
    async def fail_round(self, failed: Failed) -> None:
        await rounds.fail_round(self.syncing, failed)

    @activity.defn
    async def remove_source_documents(self, ref: SourceRef) -> Removed:
        return await removing.remove_documents(self.syncing, ref)

    @activity.defn
    async def forget_source(self, ref: SourceRef) -> None:
        await removing.forget_source(self.syncing, ref)

    def _reporter(self) -> Reporter:
        return Reporter(
            finished=finished,
            is_stopping=activity.is_worker_shutdown,
            reach=lambda place: self.reach(f"sync.{place}"),
            attempt=activity.info().attempt,
        )
