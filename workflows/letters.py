"""Deciding on many dead letters at once, and removing a version that nobody works on any more."""

import itertools

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.indexing import PublishingActivities
    from activities.letters import LetterActivities
    from lethe.contracts.ingestion import Dropped, VersionRef
    from lethe.contracts.letters import LetterSelection, ResolutionProgress, ResolutionRef

from workflows import policies
from workflows.policies import Queue
from workflows.steps import run_step


@workflow.defn(name="resolve-letters")
class ResolveLetters:
    """Pages through the ledger; an ingestion that waits gets the update `resolve`, one that ended is begun again.

    An operator may start it by hand: `{"tenant_id": "...", "action": "retry", "failure_class": "permanent"}`.
    """

    @workflow.init
    def __init__(self, selection: LetterSelection) -> None:
        self._progress = ResolutionProgress()

    @workflow.run
    async def run(self, selection: LetterSelection) -> ResolutionProgress:
        ref = await self._planned(selection)
        for page in itertools.count(1):
            self._progress = await run_step(
                LetterActivities.resolve_page,
                ref,
                queue=Queue.CONTROL,
                summary=f"{selection.action.value}, after {self._progress.matched}",
                retry=policies.ALWAYS_RETRY,
            )
            done = self._progress
            workflow.set_current_details(f"{done.matched} letters: {done.done} done, {done.skipped} skipped.")
            if done.is_finished:
                return done
            if page == policies.RESOLUTION_PAGES:
                workflow.continue_as_new(selection.model_copy(update={"resolution_id": ref.resolution_id}))
        raise AssertionError("a count does not end")

    @workflow.query(description="Letters met, done and skipped so far")
    def progress(self) -> ResolutionProgress:
        return self._progress

    async def _planned(self, selection: LetterSelection) -> ResolutionRef:
        if selection.resolution_id:
            return ResolutionRef(tenant_id=selection.tenant_id, resolution_id=selection.resolution_id)
        return await run_step(
            LetterActivities.plan_resolution,
            selection.model_copy(update={"resolution_id": str(workflow.uuid4())}),
            queue=Queue.CONTROL,
            summary=selection.action.value,
            within=policies.SHORT,
            retry=policies.ALWAYS_RETRY,
        )


@workflow.defn(name="discard-version")
class DiscardVersion:
    """Removes a failed version whose ingestion has ended; one that is served is left alone."""

    @workflow.run
    async def run(self, ref: VersionRef) -> Dropped:
        return await run_step(
            PublishingActivities.drop_version,
            ref,
            queue=Queue.IO,
            summary="discarded",
            retry=policies.ALWAYS_RETRY,
        )
