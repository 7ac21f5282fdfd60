"""Index builds from their plan to their end: on the io queue."""

from contextlib import suppress
from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.indexing import (
    BuildPlan,
    BuildRef,
    Closed,
    Dropped,
    Followed,
    Planned,
    Reconciled,
    ReconcileStep,
    TakeBack,
)
from lethe.indexing.cutover import Cutover
from lethe.indexing.planning import BuildPlanner
from lethe.indexing.reconciling import Reconciler
from lethe.telemetry import INDEX_BUILD_LAG


@dataclass(frozen=True)
class IndexBuildActivities:
    """Plan, follow, reconcile, cut over, take back, drop."""

    planner: BuildPlanner
    reconciler: Reconciler
    cutover: Cutover

    @activity.defn
    async def plan_build(self, wish: BuildPlan) -> Planned:
        build = await self.planner.plan(wish, dispatches=False)
        return Planned(build_id=None if build is None else build.id)

    @activity.defn
    async def follow_build(self, ref: BuildRef) -> Followed:
        followed = await self.cutover.follower.step(ref)
        INDEX_BUILD_LAG.labels(ref.build_id).set(followed.lag)
        return followed

    @activity.defn
    async def reconcile_build(self, step: ReconcileStep) -> Reconciled:
        return await self.reconciler.step(step)

    @activity.defn
    async def close_build(self, ref: BuildRef) -> Closed:
        closed = await self.cutover.close(ref)
        if closed.is_active or closed.is_over:
            self._forget_lag(ref)
        return closed

    @activity.defn
    async def roll_back_build(self, ref: TakeBack) -> bool:
        return await self.cutover.take_back(ref)

    @activity.defn
    async def abort_build(self, ref: BuildRef) -> Dropped:
        self._forget_lag(ref)
        return await self.cutover.abort(ref)

    @activity.defn
    async def finish_build(self, ref: BuildRef) -> Dropped:
        dropped = await self.cutover.finish(ref)
        for build_id in dropped.builds:
            self._forget_lag(BuildRef(tenant_id=ref.tenant_id, build_id=build_id))
        return dropped

    def _forget_lag(self, ref: BuildRef) -> None:
        # Absent in a process that never saw the build.
        with suppress(KeyError):
            INDEX_BUILD_LAG.remove(ref.build_id)
