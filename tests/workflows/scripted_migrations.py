"""The steps of a migration that say what a test says, beside those of a build."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

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
from tests.workflows.scripted import Scripted
from workflows.policies import Queue


class ScriptedMigration(Scripted):
    """``look`` is what the ledger says, until a test says otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.opened_as = MigrationOpened(soak_seconds=0.0)
        self.look = MigrationLook(may_close=True)
        self.passes = True
        self.is_judged = False
        self.losses = 0
        self.voids = 0
        self.on_verify: Callable[[BuildRef], Awaitable[None]] | None = None
        self.checked: list[int] = []
        self.codes: list[str] = []
        self.judged: list[JudgeStep] = []
        self.check_pages = 2

    @activity.defn
    async def open_migration(self, ref: BuildRef) -> MigrationOpened:
        self._called("open_migration")
        return self.opened_as

    @activity.defn
    async def look_at_migration(self, ref: BuildRef) -> MigrationLook:
        self._called("look_at_migration")
        return self.look.model_copy(update={"is_judged": self.is_judged})

    @activity.defn
    async def check_migration(self, step: CheckStep) -> Checked:
        self._called("check_migration")
        tally = step.tally.model_copy(update={"vectors": step.tally.vectors + 10})
        return Checked(after=step.build_id if tally.vectors < 10 * self.check_pages else None, tally=tally)

    @activity.defn
    async def judge_migration(self, step: JudgeStep) -> Judged:
        self.judged.append(step)
        self._called("judge_migration")
        self.checked.append(step.tally.vectors)
        if self.losses:
            self.losses -= 1
            return Judged(passed=False, is_lost=True)
        self.is_judged = self.passes
        return Judged(passed=self.passes, failures=[] if self.passes else ["vectors_moved"])

    @activity.defn
    async def verify_migration(self, ref: BuildRef) -> Verified:
        self._called("verify_migration")
        if self.on_verify is not None:
            await self.on_verify(ref)
        if self.voids:
            self.voids -= 1
            self.is_judged = False
        return Verified(is_void=not self.is_judged)

    @activity.defn
    async def settle_migration(self, end: MigrationEnd) -> None:
        self._called("settle_migration")
        self.codes.append(end.code)

    def of(self, queue: Queue) -> Sequence[Callable[..., Any]]:
        steps = super().of(queue)
        if queue is not Queue.IO:
            return steps
        return [
            *steps,
            self.open_migration,
            self.look_at_migration,
            self.check_migration,
            self.judge_migration,
            self.verify_migration,
            self.settle_migration,
        ]
