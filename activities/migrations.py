"""Migrations: on the io queue."""

from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.indexing import BuildRef
from lethe.contracts.migrations import (
    Checked,
    CheckStep,
    Judged,
    JudgeStep,
    MigrationEnd,
    MigrationLook,
    MigrationOpened,
    Verified,
)
from lethe.indexing.migration.expiring import expire_migrations
from lethe.indexing.migration.rechecking import Recheck
from lethe.indexing.migration.running import MigrationRunner
from lethe.retrieval.migrating import MigrationGate


@dataclass(frozen=True)
class MigrationActivities:
    """Begin, look, check, judge, tell."""

    runner: MigrationRunner
    gate: MigrationGate
    recheck: Recheck

    @activity.defn
    async def open_migration(self, ref: BuildRef) -> MigrationOpened:
        return await self.runner.open(ref)

    @activity.defn
    async def look_at_migration(self, ref: BuildRef) -> MigrationLook:
        return await self.runner.look(ref)

    @activity.defn
    async def check_migration(self, step: CheckStep) -> Checked:
        if step.after is None:
            await self.runner.check(step)
        return await self.gate.check.step(step)

    @activity.defn
    async def judge_migration(self, step: JudgeStep) -> Judged:
        return await self.gate.judge(step)

    @activity.defn
    async def verify_migration(self, ref: BuildRef) -> Verified:
        return await self.recheck.verify(ref)

    @activity.defn
    async def expire_migrations(self) -> int:
        planner = self.runner.planner
        return await expire_migrations(planner.ledger, planner.clock, self.runner.settings)

    @activity.defn
    async def settle_migration(self, end: MigrationEnd) -> None:
        await self.runner.settle(end, end.code)
