"""Changing the embedding model of a tenant's index, or how it is kept, while it is read and written."""

from datetime import timedelta
from typing import cast

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.migrations import MigrationActivities
    from lethe.contracts.indexing import BuildOutcome, BuildPhase, Closed
    from lethe.contracts.migrations import CheckStep, JudgeStep, MigrationRun
    from lethe.errors import IndexBuildStateConflict

from workflows import policies
from workflows.failures import code_of
from workflows.index_builds import BuildIndex
from workflows.policies import Queue
from workflows.steps import run_step

LOOK_EVERY = 20
"""Steps after which the ledger is looked at unasked: what it costs by then may be too much."""


@workflow.defn(name="migrate-embeddings")
class MigrateEmbeddings(BuildIndex):
    """A build that has to pass a gate before it serves, and that an admin steers over the API.

    What is asked of it is in the ledger; `look` only says that there is news. The signals of a build count as well.
    """

    @workflow.init
    def __init__(self, state: MigrationRun) -> None:
        super().__init__(state)
        self._has_news = True
        self._may_close = False
        self._is_held = False

    @workflow.run
    async def run(self, state: MigrationRun) -> BuildOutcome:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Each phase may be entered again: what was done is found done."""
        opened = await run_step(
            MigrationActivities.open_migration,
            self._ref,
            queue=Queue.IO,
            summary="plan the build",
            retry=policies.ALWAYS_RETRY,
        )
        if opened.is_over:
            outcome = BuildOutcome(is_active=False, written=0)
        else:
            self._set(soak_seconds=opened.soak_seconds)
            outcome = await self._built()
        await run_step(
            MigrationActivities.settle_migration,
            self._ref,
            queue=Queue.IO,
            summary="write down how it ended",
            retry=policies.ALWAYS_RETRY,
        )
        return outcome

    @workflow.signal(description="The ledger has news: somebody asked something of the migration")
    def look(self) -> None:
        """Read the ledger before the next step."""
        self._has_news = True

    @property
    def _own(self) -> MigrationRun:
        return cast("MigrationRun", self._state)

    async def _turn(self) -> None:
        if self._steps % LOOK_EVERY == 0:
            self._has_news = True
        await self._look()
        while self._is_held and not self._state.is_aborted:
            await workflow.wait_condition(lambda: self._has_news or self._state.is_aborted)
            await self._look()
        await super()._turn()

    async def _look(self) -> None:
        if not self._has_news:
            return
        self._has_news = False
        seen = await run_step(
            MigrationActivities.look_at_migration,
            self._ref,
            queue=Queue.IO,
            summary="what is asked of it",
            retry=policies.ALWAYS_RETRY,
        )
        self._may_close, self._is_held = seen.may_close, seen.is_paused
        state = self._state
        self._set(
            is_aborted=state.is_aborted or seen.is_aborted,
            goes_back=seen.goes_back and not state.is_finished,
            is_finished=state.is_finished or seen.is_finished,
        )

    async def _approved(self) -> bool:
        """Whether the build passed the gate, and its cutover is wanted; until then it follows."""
        if self._state.phase is BuildPhase.SOAKING:
            return True
        if not self._own.is_judged:
            self._set(phase=BuildPhase.JUDGING)
            if not await self._judged():
                return False
            self._set(is_judged=True)
        self._set(phase=BuildPhase.HELD)
        self._has_news = True
        await self._turn()
        while not self._may_close and not self._state.is_aborted:
            await self._caught_up()
            await self._rest(policies.HELD.total_seconds())
            self._has_news = True
            await self._turn()
        return not self._state.is_aborted

    async def _judged(self) -> bool:
        while True:
            await self._turn()
            own = self._own
            if own.is_aborted:
                return False
            checked = await run_step(
                MigrationActivities.check_migration,
                CheckStep(**self._ref.model_dump(), after=own.check_after, tally=own.tally),
                queue=Queue.IO,
                summary=f"after {own.tally.vectors:,} vectors",
                retry=policies.ALWAYS_RETRY,
            )
            self._set(check_after=checked.after, tally=checked.tally)
            if checked.after is None:
                break
            await self._rest(checked.pause_seconds)
        judged = await run_step(
            MigrationActivities.judge_migration,
            JudgeStep(**self._ref.model_dump(), tally=self._own.tally),
            queue=Queue.IO,
            summary="shadow reads and verdict",
            retry=policies.ALWAYS_RETRY,
        )
        return judged.passed

    async def _soak(self, closed: Closed) -> bool:
        await run_step(
            MigrationActivities.note_soaking,
            self._ref,
            queue=Queue.IO,
            summary="it serves",
            retry=policies.ALWAYS_RETRY,
        )
        return await super()._soak(closed)

    async def _go_back(self, replaced: str) -> bool:
        try:
            return await super()._go_back(replaced)
        except ActivityError as error:
            if code_of(error) != IndexBuildStateConflict.code:
                raise
            # Another build took the place of both: an erasure had the index made anew.
            self._set(goes_back=False, is_finished=True)
            return False

    async def _rest(self, seconds: float) -> None:
        """Shorter if there is news."""
        if not seconds:
            return
        try:
            await workflow.wait_condition(lambda: self._has_news, timeout=timedelta(seconds=seconds))
        except TimeoutError:
            return
