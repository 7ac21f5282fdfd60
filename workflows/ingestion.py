"""Bringing one submission of a document in."""

from contextlib import suppress
from datetime import timedelta
from typing import NoReturn

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.documents import DocumentActivities
    from activities.indexing import PublishingActivities
    from activities.ingestion import ReadingActivities
    from lethe.contracts.ingestion import (
        Attention,
        EmbedBatch,
        IngestOutcome,
        IngestProgress,
        IngestStart,
        StepFailure,
        Switched,
        VersionRef,
    )
    from lethe.errors import AwaitsRelease, VersionSuperseded
    from lethe.model.operations import DispatchKind
    from lethe.model.workflow_ids import dispatch_id

from workflows import policies
from workflows.attributes import (
    AWAITS_RELEASE,
    DISCARDED,
    FAILED,
    NEEDS_ATTENTION,
    READY,
    RUNNING,
    SETTLING,
    STATE,
    SUPERSEDED,
)
from workflows.cancelling import cancel_quietly
from workflows.failures import code_of
from workflows.policies import Queue
from workflows.steps import run_step

RETRY = "retry"
DISCARD = "discard"
ENDS = {RETRY: "", DISCARD: DISCARDED}
"""How an ingestion ends by each decision; "" goes on."""


@workflow.defn(name="ingest-document")
class IngestDocument:
    """validate -> parse -> chunk -> embed in batches -> index -> verify -> switch -> drop the old version.

    A step that gives up does not end the workflow: its dead letter is opened and the workflow waits for
    `resolve("retry" | "discard")`. A transient failure is driven again by itself, with growing delay. That a document
    is restricted is no failure: its release sends `look`.
    """

    @workflow.init
    def __init__(self, start: IngestStart) -> None:
        self._ref = VersionRef(tenant_id=start.tenant_id, version_id=start.version_id)
        self._step = start.failed_step or "validate_document"
        # What waits for a release begins by looking: it may have come since the batch looked.
        self._code = "" if start.failed_code == AwaitsRelease.code else start.failed_code
        self._is_news = False
        self._looks = 0
        self._attention = False
        self._resolution = ""
        self._failures = 0
        self._chunks = 0
        self._computed = 0
        self._reused = 0
        self._obsolete: list[str] = []

    @workflow.run
    async def run(self, start: IngestStart) -> IngestOutcome:
        try:
            outcome = await self._until_decided()
        except BaseException as error:
            if is_cancelled_exception(error):
                # A version that is already live is left alone by the activity; what it replaced still has to go.
                for version_id in (start.version_id, *self._obsolete):
                    await self._drop(version_id, "cancelled")
            raise
        self._tell_state(outcome.status)
        return outcome

    @workflow.query(description="The step, whether it waits for `resolve`, and the code of its failure")
    def progress(self) -> IngestProgress:
        return IngestProgress(step=self._step, attention=self._attention, code=self._code, chunks=self._chunks)

    @workflow.signal(description="The restriction of its document may have ended")
    def look(self) -> None:
        self._is_news = True

    @workflow.update(description='Send "retry" to run the failed step again, or "discard" to remove this version')
    async def resolve(self, action: str) -> str:
        self._resolution = action
        return f"{action}: {self._step}"

    @resolve.validator
    def _may_resolve(self, action: str) -> None:
        if action not in {RETRY, DISCARD}:
            raise ValueError('the argument is "retry" or "discard"')
        if not self._attention:
            raise ValueError("this ingestion does not wait for a decision")

    async def _until_decided(self) -> IngestOutcome:
        ended = await self._decision() if self._code else ""
        while not ended:
            try:
                return await self._bring_in()
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                self._code = code_of(error)
            ended = await self._after_failure()
        return await self._give_up(ended)

    async def _after_failure(self) -> str:
        """How this ends, "" if it is to be tried again."""
        match self._code:
            case VersionSuperseded.code:
                return SUPERSEDED
            case AwaitsRelease.code:
                await self._until_news()
                return ""
            case _:
                return await self._decision()

    async def _until_news(self) -> None:
        """Until the release of its document says so, which may take years; and a day at most, should it not.

        Goes on in another run before the history grows long.
        """
        self._tell_state(AWAITS_RELEASE)
        workflow.set_current_details("**Waits for the release** of its document, which is restricted.")
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._is_news, timeout=policies.RELEASE_LOOK)
        self._is_news = False
        self._looks += 1
        if self._looks >= policies.RELEASE_LOOKS:
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(IngestStart(tenant_id=self._ref.tenant_id, version_id=self._ref.version_id))
        self._tell_state(RUNNING)

    async def _bring_in(self) -> IngestOutcome:
        ref = self._ref
        self._enter("validate_document")
        found = await run_step(
            ReadingActivities.validate_document, ref, queue=Queue.CPU, summary="sniff the type", within=policies.PARSE
        )
        size = f"{found.media_type}, {found.size_bytes:,} bytes"
        self._enter("parse_document", size)
        parsed = await run_step(
            ReadingActivities.parse_document, ref, queue=Queue.CPU, summary=size, within=policies.PARSE
        )
        self._enter("chunk_document", size)
        chunked = await run_step(
            ReadingActivities.chunk_document,
            ref,
            queue=_embedding_queue(asks_outside=parsed.asks_outside),
            summary=f"{parsed.elements} elements",
        )
        self._chunks = chunked.chunks
        self._enter("embed_chunks", size)
        await self._embed(_embedding_queue(asks_outside=chunked.asks_outside))
        self._enter("index_version", size)
        count = f"{self._chunks} chunks"
        await run_step(PublishingActivities.index_version, ref, queue=Queue.IO, summary=count)
        self._enter("verify_version", size)
        await run_step(PublishingActivities.verify_version, ref, queue=Queue.IO, summary=count)
        self._enter("switch_version", size)
        switched = await run_step(
            PublishingActivities.switch_version, ref, queue=Queue.IO, summary="the last submission wins"
        )
        self._enter("settled", f"{size}; live since seq {switched.seq}")
        await self._drop_replaced(switched)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return IngestOutcome(status=READY, chunks=self._chunks, computed=self._computed, reused=self._reused)

    async def _embed(self, queue: Queue) -> None:
        self._computed = self._reused = 0
        for start in range(0, self._chunks, policies.EMBED_BATCH):
            stop = min(start + policies.EMBED_BATCH, self._chunks)
            batch = EmbedBatch(version=self._ref, start=start, stop=stop)
            done = await run_step(
                ReadingActivities.embed_chunks, batch, queue=queue, summary=f"chunks {start}..{stop - 1}"
            )
            self._computed += done.computed
            self._reused += done.reused

    async def _drop_replaced(self, switched: Switched) -> None:
        """Questions that began before the switch may still read the old version until their deadline."""
        self._obsolete = [*switched.abandoned, *switched.replaced]
        for version_id in switched.abandoned:
            await cancel_quietly(dispatch_id(DispatchKind.INGEST_DOCUMENT, self._ref.tenant_id, version_id))
            await self._drop(version_id, "failed before this one came")
        if not switched.replaced:
            return
        self._tell_state(SETTLING)
        await workflow.sleep(timedelta(seconds=switched.drop_after_seconds), summary="questions in flight")
        for version_id in switched.replaced:
            await self._drop(version_id, "replaced")

    async def _drop(self, version_id: str, summary: str) -> None:
        await run_step(
            PublishingActivities.drop_version,
            VersionRef(tenant_id=self._ref.tenant_id, version_id=version_id),
            queue=Queue.IO,
            summary=summary,
            retry=policies.ALWAYS_RETRY,
        )

    async def _give_up(self, status: str) -> IngestOutcome:
        await self._drop(self._ref.version_id, status)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return IngestOutcome(status=status, chunks=self._chunks, code=self._code)

    async def _decision(self) -> str:
        """Open the dead letter and wait for `resolve`; returns how this ends, "" if it is to be tried again.

        Raises ApplicationError when nobody decides in time.
        """
        self._failures += 1
        failure = StepFailure(
            version=self._ref,
            step=self._step,
            code=self._code,
            attempts=self._failures,
            failure_id=str(workflow.uuid4()),
        )
        attention = await run_step(
            DocumentActivities.open_dead_letter,
            failure,
            queue=Queue.CONTROL,
            summary=f"{self._step}: {self._code}",
            within=policies.SHORT,
            retry=policies.ALWAYS_RETRY,
        )
        if not attention.is_wanted:
            return SUPERSEDED
        self._attention, self._resolution = True, ""
        self._tell_state(NEEDS_ATTENTION)
        workflow.set_current_details(
            f"**Needs attention**: `{self._step}` gave up with `{self._code}`.\n\n"
            f'Send the update `resolve` with `"{RETRY}"` or `"{DISCARD}"`.'
        )
        try:
            await workflow.wait_condition(lambda: bool(self._resolution), timeout=self._patience(attention))
        except TimeoutError:
            if not attention.drive_again:
                await self._close(failure)
            self._resolution = RETRY
        finally:
            self._attention = False
        self._tell_state(RUNNING)
        return ENDS[self._resolution]

    async def _close(self, failure: StepFailure) -> NoReturn:
        """End as failed. The dead letter and the bytes stay."""
        await run_step(
            DocumentActivities.close_dead_letter,
            failure,
            queue=Queue.CONTROL,
            summary="nobody decided",
            within=policies.SHORT,
            retry=policies.ALWAYS_RETRY,
        )
        self._tell_state(FAILED)
        raise ApplicationError(self._code, type=self._code) from None

    def _patience(self, attention: Attention) -> timedelta:
        if attention.drive_again:
            growth = min(self._failures - 1, policies.DRIVE_AGAIN_DOUBLINGS)
            return min(policies.DRIVE_AGAIN_FIRST * 2**growth, policies.DRIVE_AGAIN_MOST)
        return timedelta(seconds=attention.wait_seconds) if attention.may_wait else timedelta(0)

    def _tell_state(self, state: str) -> None:
        workflow.upsert_search_attributes([STATE.value_set(state)])

    def _enter(self, step: str, told: str = "") -> None:
        self._step = step
        workflow.set_current_details(f"Step `{step}`. {told}")


def _embedding_queue(*, asks_outside: bool) -> Queue:
    """Of a step that embeds. Where it waits on a provider's network it must not hold a slot that parsing needs.

    Which it is, the step before says, so that it stands in the history: a workflow reads no settings.
    """
    return Queue.EMBED if asks_outside else Queue.CPU
