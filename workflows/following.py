"""Filling an index build with what the ledger held before it was made."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.following import FollowingActivities
    from lethe.contracts.indexing import BuildRef, FollowRun, FollowStep

from workflows import policies
from workflows.policies import Queue
from workflows.steps import run_step

STEPS_PER_RUN = 200
"""Then it continues as new, with its place: far below what a history may hold."""


@workflow.defn(name="follow-build")
class FollowBuild:
    """Pages through the tenant's chunks and writes those that are missing; then the build becomes the active one."""

    @workflow.init
    def __init__(self, state: FollowRun) -> None:
        self._state = state

    @workflow.run
    async def run(self, state: FollowRun) -> bool:
        """Returns whether the build is the active one now."""
        steps = 0
        while not await self._step():
            steps += 1
            if steps == STEPS_PER_RUN:
                workflow.continue_as_new(self._state)
        return await run_step(
            FollowingActivities.complete_build,
            BuildRef(tenant_id=state.tenant_id, build_id=state.build_id),
            queue=Queue.IO,
            summary="complete",
            retry=policies.ALWAYS_RETRY,
        )

    async def _step(self) -> bool:
        """Whether nothing is left."""
        state = self._state
        followed = await run_step(
            FollowingActivities.follow_build,
            FollowStep(tenant_id=state.tenant_id, build_id=state.build_id, after=state.after),
            queue=Queue.IO,
            summary=f"after {state.written:,} objects",
            retry=policies.ALWAYS_RETRY,
        )
        written = state.written + followed.written
        self._state = state.model_copy(update={"after": followed.after, "written": written})
        workflow.set_current_details(f"{written:,} objects written")
        return followed.after is None

    @workflow.query(description="How many objects were written so far")
    def progress(self) -> int:
        return self._state.written
