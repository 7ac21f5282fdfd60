"""Index builds: one workflow for generation, migration, purge and repair, and the soak of what was replaced."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.index_builds import IndexBuildActivities
    from lethe.contracts.indexing import (
        BuildOutcome,
        BuildPhase,
        BuildPlan,
        BuildProgress,
        BuildRef,
        BuildRun,
        Closed,
        Followed,
        RebuildRun,
        Rebuilt,
        ReconcileStep,
        TakeBack,
    )
    from lethe.errors import IndexBuildStateConflict
    from lethe.model.operations import DispatchKind

from workflows import policies
from workflows.children import child_options
from workflows.failures import code_of
from workflows.policies import Queue
from workflows.steps import Input, Output, Step, run_step

STEPS_PER_RUN = 200
"""Then it continues as new, with its place: far below what a history may hold."""


@workflow.defn(name="build-index")
class BuildIndex:
    """Fills a planned build, makes it the one that is read, and drops what it replaces."""

    @workflow.init
    def __init__(self, state: BuildRun) -> None:
        self._state = state
        self._steps = 0

    @workflow.run
    async def run(self, state: BuildRun) -> BuildOutcome:
        """Each phase may be entered again: what was done is found done."""
        return await self._built()

    async def _built(self) -> BuildOutcome:
        while True:
            await self._follow()
            await self._reconcile()
            if self._state.is_aborted and self._state.phase is not BuildPhase.SOAKING:
                return await self._abort()
            if not await self._approved():
                return await self._abort()
            closed = await self._close()
            if closed.is_over or closed.is_active:
                return await self._served(closed)
            if not closed.is_uncompared:
                self._set(phase=BuildPhase.FOLLOWING, lag=max(1, self._state.lag))

    @workflow.signal
    def pause(self) -> None:
        """Leave the build as it is after the step that runs."""
        self._set(is_paused=True)

    @workflow.signal
    def resume(self) -> None:
        """Go on after a pause."""
        self._set(is_paused=False)

    @workflow.signal
    def abort(self) -> None:
        """Give the build up and drop it; too late once it serves."""
        self._set(is_aborted=True)

    @workflow.signal
    def finish(self) -> None:
        """End the soak now: there is no way back any more."""
        self._set(is_finished=True)

    @workflow.signal
    def roll_back(self) -> None:
        """While soaking: make the replaced vector build the one that is read again, and drop this one."""
        self._set(goes_back=True)

    @workflow.query(description="Where the build is, what was brought in, and how many commits it has not applied")
    def progress(self) -> BuildProgress:
        state = self._state
        return BuildProgress(phase=state.phase, written=state.written, lag=state.lag, is_paused=state.is_paused)

    async def _approved(self) -> bool:
        """Whether the build may serve as soon as it holds everything."""
        return True

    async def _caught_up(self) -> Followed:
        summary = f"after {self._state.written:,} objects"
        followed = await self._step(IndexBuildActivities.follow_build, self._ref, summary)
        self._set(lag=followed.lag, written=self._state.written + followed.written)
        return followed

    async def _follow(self) -> None:
        while self._state.phase is BuildPhase.FOLLOWING and not self._state.is_aborted:
            await self._turn()
            followed = await self._caught_up()
            if not followed.lag:
                self._set(phase=BuildPhase.RECONCILING)
            else:
                await self._rest(followed.pause_seconds)

    async def _reconcile(self) -> None:
        while self._state.phase is BuildPhase.RECONCILING and not self._state.is_aborted:
            await self._turn()
            state = self._state
            page = ReconcileStep(tenant_id=state.tenant_id, build_id=state.build_id, after=state.after)
            done = await self._step(IndexBuildActivities.reconcile_build, page, "compare with the ledger")
            self._set(after=done.after, written=state.written + done.repaired)
            if done.after is None:
                self._set(phase=BuildPhase.CLOSING)
            else:
                await self._rest(done.pause_seconds)

    async def _close(self) -> Closed:
        return await self._step(IndexBuildActivities.close_build, self._ref, "cutover")

    async def _served(self, closed: Closed) -> BuildOutcome:
        if closed.is_over:
            return self._ended(is_active=False)
        went_back = await self._soak(closed)
        dropped = await self._finish()
        # Whoever took it back without asking here had it dropped among the others.
        return self._ended(is_active=not went_back and self._state.build_id not in dropped, dropped=dropped)

    async def _soak(self, closed: Closed) -> bool:
        """Let questions end that read the replaced build, and keep it as long as wished; whether it was taken back."""
        self._set(phase=BuildPhase.SOAKING, soaks_since=self._state.soaks_since or workflow.now())
        while not self._is_soaked(closed):
            await self._turn()
            if self._state.goes_back and closed.replaced is not None:
                if await self._go_back(closed.replaced):
                    await self._rest(closed.drop_after_seconds)
                    return True
            elif self._state.soak_seconds and closed.replaced is not None:
                await self._follow_replaced(closed.replaced)
            await self._rest(closed.soak_pause_seconds if self._state.soak_seconds else closed.drop_after_seconds)
        return False

    def _is_soaked(self, closed: Closed) -> bool:
        state = self._state
        soaked = (workflow.now() - (state.soaks_since or workflow.now())).total_seconds()
        if soaked < closed.drop_after_seconds or (state.goes_back and closed.replaced is not None):
            return False
        return state.is_finished or state.goes_back or soaked >= state.soak_seconds

    async def _follow_replaced(self, replaced: str) -> None:
        ref = BuildRef(tenant_id=self._state.tenant_id, build_id=replaced)
        followed = await self._step(IndexBuildActivities.follow_build, ref, "the replaced build follows")
        self._set(lag=followed.lag)

    async def _go_back(self, replaced: str) -> bool:
        back = TakeBack(tenant_id=self._state.tenant_id, build_id=replaced, serving=self._state.build_id)
        try:
            return await self._step(IndexBuildActivities.roll_back_build, back, "take the replaced build back")
        except ActivityError as error:
            if code_of(error) != IndexBuildStateConflict.code:
                raise
            # Another build took the place of both: an erasure had the index made anew.
            self._set(goes_back=False, is_finished=True)
            return False

    async def _finish(self) -> list[str]:
        self._set(phase=BuildPhase.DROPPING)
        dropped = await self._surely(IndexBuildActivities.finish_build, self._ref, "drop what was replaced")
        return dropped.builds

    async def _abort(self) -> BuildOutcome:
        try:
            dropped = await self._surely(IndexBuildActivities.abort_build, self._ref, "give the build up")
        except ActivityError as error:
            if code_of(error) != IndexBuildStateConflict.code:
                raise
            # It serves by now: its end was asked for too late.
            self._set(is_aborted=False)
            return await self._served(await self._surely(IndexBuildActivities.close_build, self._ref, "it serves"))
        return self._ended(is_active=False, dropped=dropped.builds)

    async def _step(self, method: Step[Input, Output], value: Input, summary: str) -> Output:
        """What fills, compares and switches: tried until it is done."""
        return await self._surely(method, value, summary)

    async def _surely(self, method: Step[Input, Output], value: Input, summary: str) -> Output:
        return await run_step(method, value, queue=Queue.IO, summary=summary, retry=policies.ALWAYS_RETRY)

    async def _turn(self) -> None:
        """Before each step: wait out a pause, and keep the history short."""
        await workflow.wait_condition(lambda: not self._state.is_paused or self._state.is_aborted)
        self._steps += 1
        if self._steps > STEPS_PER_RUN and not self._state.is_aborted:
            workflow.continue_as_new(self._state)

    async def _rest(self, seconds: float) -> None:
        if seconds:
            await workflow.sleep(timedelta(seconds=seconds))

    @property
    def _ref(self) -> BuildRef:
        return BuildRef(tenant_id=self._state.tenant_id, build_id=self._state.build_id)

    def _set(self, **changed: object) -> None:
        self._state = self._state.model_copy(update=changed)
        workflow.set_current_details(
            f"{self._state.phase}: {self._state.written:,} objects, {self._state.lag:,} commits behind"
        )

    def _ended(self, *, is_active: bool, dropped: list[str] | None = None) -> BuildOutcome:
        self._set(phase=BuildPhase.ENDED)
        return BuildOutcome(is_active=is_active, written=self._state.written, dropped=dropped or [])


@workflow.defn(name="rebuild-index")
class RebuildIndex:
    """Purge: what was deleted is in a store's files until a new build has taken the place of the one that held it."""

    @workflow.run
    async def run(self, state: RebuildRun) -> Rebuilt:
        """Waits for a build that is on its way already: it may have begun before the deletion."""
        while True:
            wish = BuildPlan(tenant_id=state.tenant_id, build_id=str(workflow.uuid4()), kind=state.kind)
            planned = await run_step(
                IndexBuildActivities.plan_build,
                wish,
                queue=Queue.IO,
                summary=f"plan a {state.kind} build",
                retry=policies.ALWAYS_RETRY,
            )
            if planned.build_id is None:
                return Rebuilt(build_id=None)
            outcome = await self._build(state.tenant_id, planned.build_id)
            if outcome.is_active:
                return Rebuilt(build_id=planned.build_id, dropped=outcome.dropped)

    async def _build(self, tenant_id: str, build_id: str) -> BuildOutcome:
        build = BuildRun(tenant_id=tenant_id, build_id=build_id)
        options = child_options(DispatchKind.BUILD_INDEX, tenant_id, build_id)
        return await workflow.execute_child_workflow(BuildIndex.run, build, **options)
