"""What the bulk workflow does besides its loop: bookkeeping, handing failures over, removing what was replaced."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.bulk import BulkActivities
    from activities.indexing import PublishingActivities
    from lethe.contracts.bulk import (
        BatchDone,
        BulkBatch,
        BulkCounts,
        BulkPage,
        BulkProgress,
        BulkState,
        FailedVersion,
        IngestionRef,
        Planned,
        SweepStep,
        Swept,
    )
    from lethe.contracts.ingestion import IngestStart, VersionRef
    from lethe.model.ingestions import IngestionState
    from lethe.model.operations import DispatchKind
    from lethe.model.workflow_ids import dispatch_id

from workflows import policies
from workflows.cancelling import cancel_quietly
from workflows.children import child_options
from workflows.ingestion import IngestDocument
from workflows.policies import Queue
from workflows.steps import run_step

Input = TypeVar("Input")
Output = TypeVar("Output")


MOST_EVENTS: Final = 1_900
"""A run's history stays below 2,000, but for what is sent to it while it waits for its last batches."""
RESERVE: Final = 60
"""Events of a look and what follows it, of dropping and ending."""


def has_room(more: int) -> bool:
    """Whether the run may have so many more events before it ends."""
    info = workflow.info()
    length = info.get_current_history_length() + more + RESERVE
    return length <= MOST_EVENTS and not info.is_continue_as_new_suggested()


async def control(method: Callable[[BulkActivities, Input], Awaitable[Output]], value: Input, summary: str) -> Output:
    """A look into the ledger or a word to it; repeated until it is done."""
    return await run_step(
        method, value, queue=Queue.CONTROL, summary=summary, within=policies.SHORT, retry=policies.ALWAYS_RETRY
    )


async def sweep(
    method: Callable[[BulkActivities, SweepStep], Awaitable[Swept]], ref: IngestionRef, summary: str
) -> None:
    """Remove page after page until there is nothing left to remove."""
    step = SweepStep(**ref.model_dump())
    while True:
        swept = await run_step(method, step, queue=Queue.IO, summary=summary, retry=policies.ALWAYS_RETRY)
        if not swept.is_more:
            return
        step = step.model_copy(update={"after": swept.after})


async def ingest(ref: IngestionRef, batch: Planned) -> BatchDone:
    """Bring a batch in; tried again while a store is down."""
    return await run_step(
        BulkActivities.ingest_batch,
        BulkBatch(**ref.model_dump(), version_ids=batch.version_ids),
        queue=Queue.BULK,
        summary=f"{len(batch.version_ids)} documents up to {batch.last}",
        within=policies.BATCH,
        retry=policies.BATCH_RETRY,
    )


async def unpack(ref: IngestionRef, pause: timedelta) -> None:
    """Take in the next files of the archive; after a failure that no attempt will mend, the next call may wait."""
    try:
        await run_step(
            BulkActivities.unpack_archive,
            ref,
            queue=Queue.BULK,
            summary="the next files of the archive",
            retry=policies.ALWAYS_RETRY,
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        await workflow.sleep(pause, summary="the archive could not be read")


class Dropping:
    """Removes replaced versions when no question can read them any more: while the ingestion runs, and at its end."""

    def __init__(self, ref: IngestionRef) -> None:
        self._ref = ref
        self._task: asyncio.Task[None] | None = None
        self._begun_at = 0.0

    def in_passing(self, drop_after: float) -> None:
        """Begin to remove what is old enough, unless that was done a moment ago."""
        is_running = self._task is not None and not self._task.done()
        if is_running or workflow.time() - self._begun_at < drop_after:
            return
        self._begun_at = workflow.time()
        self._task = asyncio.create_task(self._sweep())

    async def settle(self, replaced_at: float, drop_after: float) -> None:
        """Wait until the last replaced one is old enough, and remove what is left."""
        left = max(0.0, drop_after - (workflow.time() - replaced_at)) + 0.1
        await workflow.sleep(timedelta(seconds=left), summary="questions in flight")
        await self.ended()
        await self._sweep()

    async def ended(self) -> None:
        """Wait for a removal that runs."""
        if self._task is not None:
            await self._task

    async def _sweep(self) -> None:
        await sweep(BulkActivities.drop_replaced, self._ref, "replaced versions")


async def end_abandoned(tenant_id: str, version_ids: list[str]) -> None:
    """Earlier submissions that failed: their workflows wait for a decision that no longer matters."""
    for version_id in version_ids:
        await cancel_quietly(dispatch_id(DispatchKind.INGEST_DOCUMENT, tenant_id, version_id))
        await run_step(
            PublishingActivities.drop_version,
            VersionRef(tenant_id=tenant_id, version_id=version_id),
            queue=Queue.IO,
            summary="failed before this one came",
            retry=policies.ALWAYS_RETRY,
        )


async def hand_over(failed: FailedVersion) -> None:
    """A workflow of its own for a document that failed: it opens the dead letter and waits for a decision."""
    try:
        await workflow.start_child_workflow(
            IngestDocument.run,
            IngestStart(
                tenant_id=failed.tenant_id,
                version_id=failed.version_id,
                failed_step=failed.step,
                failed_code=failed.code,
            ),
            task_queue=Queue.CONTROL,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            **child_options(DispatchKind.INGEST_DOCUMENT, failed.tenant_id, failed.version_id),
        )
    except FailureError:
        workflow.logger.info("a document that failed has its workflow already")


def all_failed(ref: IngestionRef, batch: Planned, code: str) -> BatchDone:
    """What a batch comes to that itself gave up."""
    return BatchDone(
        failed=[
            FailedVersion(tenant_id=ref.tenant_id, version_id=each, step="ingest_batch", code=code)
            for each in batch.version_ids
        ]
    )


def progress_of(state: BulkState, page: BulkPage | None, running: int) -> BulkProgress:
    """How far the ingestion is, as of the last look."""
    counts = page.counts if page else BulkCounts()
    seconds = workflow.time() - state.started_at
    return BulkProgress(
        **counts.model_dump(),
        state=page.state if page else IngestionState.RUNNING,
        rate=round(counts.done / seconds, 2) if state.started_at and seconds > 0 else 0.0,
        batches_running=running,
        batch_window=page.batch_window if page else 0,
        cursor=state.cursor,
    )


def details(now: BulkProgress) -> str:
    """The progress as the Temporal UI shows it."""
    return (
        f"**{now.done:,} of {now.total:,}** documents, {now.rate:.1f} a second.\n\n"
        f"{now.added:,} added, {now.updated:,} updated, {now.skipped:,} skipped, {now.failed:,} failed, "
        f"{now.lost:,} lost.\n\n"
        f"{now.batches_running} of {now.batch_window} batches run. "
        "Updates: `pause`, `resume`, `cancel`, `set_window`."
    )
