"""What the schedule of a source starts, and what brings the schedule to what the ledger says of it."""

from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.sync import SyncActivities
    from lethe.contracts.sync import SourceRef, SyncRun
    from lethe.model.operations import DispatchKind

from workflows import policies
from workflows.children import child_options
from workflows.policies import Queue
from workflows.steps import run_step
from workflows.sync import SyncSource


@workflow.defn(name="sync-on-schedule")
class SyncOnSchedule:
    """What a source's schedule starts. A round of the whole source that runs is left alone: this one is skipped.

    Where only events are looked at, it comes after them: however many there are, they keep no whole round away.
    """

    @workflow.run
    async def run(self, ref: SourceRef) -> bool:
        """Returns whether a round was made of it."""
        options = child_options(DispatchKind.SYNC_SOURCE, ref.tenant_id, ref.source_id)
        try:
            following = await workflow.start_child_workflow(
                SyncSource.run,
                SyncRun(**ref.model_dump(), is_scheduled=True),
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                **options,
            )
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            with suppress(FailureError):  # it has ended since
                await workflow.get_external_workflow_handle_for(SyncSource.run, options["id"]).signal(SyncSource.due)
            return False
        await following
        return True


@workflow.defn(name="arrange-source")
class ArrangeSource:
    """Brings a source's schedule to what the ledger says of it, as long as there is news."""

    @workflow.init
    def __init__(self, ref: SourceRef) -> None:
        self._is_news = True

    @workflow.run
    async def run(self, ref: SourceRef) -> None:
        while self._is_news:
            self._is_news = False
            await run_step(
                SyncActivities.arrange_source,
                ref,
                queue=Queue.CONTROL,
                summary="its schedule",
                within=policies.SHORT,
                retry=policies.ALWAYS_RETRY,
            )

    @workflow.signal(description="The source was changed")
    def look(self) -> None:
        self._is_news = True
