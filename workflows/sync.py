"""Following a source: round after round of listing, comparing, taking in and deleting; never two at once."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.sync import SyncActivities
    from lethe.contracts.sync import (
        Begun,
        Failed,
        MappingPage,
        NextStep,
        Removed,
        SourceRef,
        SyncOutcome,
        SyncRef,
        SyncRun,
    )
    from lethe.model.operations import DispatchKind
    from lethe.model.syncs import SyncState
    from lethe.model.workflow_ids import dispatch_id

from workflows import policies
from workflows.attributes import DONE, FAILED, NEEDS_ATTENTION, RUNNING, STATE
from workflows.bulk import IngestBulk
from workflows.bulk_steps import has_room
from workflows.failures import code_of
from workflows.policies import Queue
from workflows.steps import run_step
from workflows.sync_steps import begin_ingestion, remove_from_stores

Input = TypeVar("Input")
Output = TypeVar("Output")

EVENTS_OF_A_STEP: Final = 12
FIRST_LOOK: Final = timedelta(seconds=1)
LAST_LOOK: Final = timedelta(minutes=1)
CANCELLED: Final = "sync_cancelled"
UNANSWERED: Final = "sync_unanswered"


@workflow.defn(name="sync-source")
class SyncSource:
    """Makes the rounds that were ordered of one source, and the one of its schedule; ends it where it is to go.

    The ledger holds each round's state: whoever orders one, or decides for one, sends `look`.
    """

    @workflow.init
    def __init__(self, run: SyncRun) -> None:
        self._ref = SourceRef(tenant_id=run.tenant_id, source_id=run.source_id)
        self._is_news = False
        self._is_due = run.is_scheduled
        self._is_whole = False
        self._told = RUNNING

    @workflow.run
    async def run(self, run: SyncRun) -> SyncOutcome:
        rounds = 0
        while True:
            self._is_news, wish, self._is_due = False, self._wish(), False
            begun = await self._control(SyncActivities.begin_round, wish, "what is to be done")
            self._is_whole = begun.is_whole
            if begun.next is NextStep.END:
                await self._end_source()
            elif begun.next is NextStep.ROUND:
                await self._round(begun)
                rounds += 1
            elif not self._is_news:
                return SyncOutcome(rounds=rounds)
            self._is_whole = False
            self._go_on_if_long()

    @workflow.signal(description="Its schedule wants a round: one that looks at the whole source will do")
    def due(self) -> None:
        if not self._is_whole:
            self._is_news = self._is_due = True

    @workflow.signal(description="The ledger has news: a round was ordered, or decided on, or the source is to go")
    def look(self) -> None:
        self._is_news = True

    async def _round(self, begun: Begun) -> None:
        """One round to its end. One that fails is recorded so; the next one may do better."""
        ref = SyncRef(**self._ref.model_dump(), sync_id=begun.sync_id)
        self._tell(RUNNING)
        try:
            await self._follow(ref, begun)
        except ActivityError as error:
            await self._fail(ref, CANCELLED if is_cancelled_exception(error) else code_of(error))
            if is_cancelled_exception(error):
                raise
        except BaseException as error:
            if is_cancelled_exception(error):
                await self._fail(ref, CANCELLED)
            raise

    async def _follow(self, ref: SyncRef, begun: Begun) -> None:
        state = begun.state
        if state is SyncState.LISTING:
            state = await self._compare(ref)
        if not begun.is_dry_run:
            if state is SyncState.NEEDS_ATTENTION:
                if not await self._is_answered(ref):
                    await self._fail(ref, UNANSWERED)
                    return
                await self._compare(ref)
            if state is not SyncState.DELETING:
                await self._map(ref)
                await self._take_in(ref)
            await self._delete(ref)
        await self._control(SyncActivities.finish_round, ref, "counts")
        self._tell(DONE)

    async def _compare(self, ref: SyncRef) -> SyncState:
        compared = await run_step(
            SyncActivities.compare_source,
            ref,
            queue=Queue.IO,
            summary="what is there, beside what is known",
            within=policies.BATCH,
            retry=policies.BATCH_RETRY,
        )
        return compared.state

    async def _is_answered(self, ref: SyncRef) -> bool:
        """Wait until somebody has decided, or for too long. Who is not to read any more does not until then."""
        self._tell(NEEDS_ATTENTION)
        while True:
            self._is_news = False
            await self._map(ref)
            decided = await self._control(SyncActivities.look_at_decision, ref, "whether somebody has decided")
            if decided.is_decided:
                self._tell(RUNNING)
                return True
            if not decided.wait_seconds:
                return False
            with suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._is_news, timeout=timedelta(seconds=decided.wait_seconds))

    async def _map(self, ref: SyncRef) -> None:
        after = None
        while True:
            mapped = await run_step(
                SyncActivities.apply_mapping,
                MappingPage(**ref.model_dump(), after=after),
                queue=Queue.IO,
                summary="readers and purpose of what is here already",
                retry=policies.ALWAYS_RETRY,
            )
            if mapped.after is None:
                return
            after = mapped.after
            self._go_on_if_long()

    async def _map_news(self, ref: SyncRef) -> None:
        """Readers that were changed meanwhile: not only when this round is over."""
        if self._is_news:
            self._is_news = False
            await self._map(ref)

    async def _take_in(self, ref: SyncRef) -> None:
        intake = await self._control(SyncActivities.begin_intake, ref, "an ingestion")
        if intake.ingestion_id is None:
            return
        await begin_ingestion(ref.tenant_id, intake.ingestion_id)
        while True:
            took = await run_step(
                SyncActivities.take_items,
                ref,
                queue=Queue.IO,
                summary="the next items",
                within=policies.BATCH,
                retry=policies.BATCH_RETRY,
            )
            if not took.is_more:
                break
            await self._map_news(ref)
            self._go_on_if_long()
        await self._control(SyncActivities.close_intake, ref, "no more items")
        await self._until_brought_in(ref, intake.ingestion_id)

    async def _until_brought_in(self, ref: SyncRef, ingestion_id: str) -> None:
        bulk = dispatch_id(DispatchKind.INGEST_BULK, ref.tenant_id, ingestion_id)
        with suppress(FailureError):  # it has ended
            await workflow.get_external_workflow_handle_for(IngestBulk.run, bulk).signal(IngestBulk.look)
        pause = FIRST_LOOK
        while not (await self._control(SyncActivities.look_at_intake, ref, "whether all is in")).is_over:
            await self._map_news(ref)
            self._go_on_if_long()
            await workflow.sleep(pause, summary="the ingestion runs")
            pause = min(2 * pause, LAST_LOOK)

    async def _delete(self, ref: SyncRef) -> None:
        await self._remove(SyncActivities.remove_vanished, ref, "documents that are not there any more")

    async def _end_source(self) -> None:
        await self._control(SyncActivities.arrange_source, self._ref, "no schedule any more")
        await self._remove(SyncActivities.remove_source_documents, self._ref, "documents of the source")
        await self._control(SyncActivities.forget_source, self._ref, "its rows and key")

    async def _remove(
        self, method: Callable[[SyncActivities, Input], Awaitable[Removed]], value: Input, summary: str
    ) -> None:
        """Page by page: first nobody reads them, then they are taken out of the stores."""
        while True:
            removed = await run_step(method, value, queue=Queue.IO, summary=summary, retry=policies.ALWAYS_RETRY)
            await remove_from_stores(self._ref.tenant_id, removed)
            if not removed.is_more:
                return
            self._go_on_if_long()

    async def _fail(self, ref: SyncRef, code: str) -> None:
        await self._control(SyncActivities.fail_round, Failed(**ref.model_dump(), code=code), "how it ended")
        self._tell(FAILED)

    def _go_on_if_long(self) -> None:
        """In another run, which finds the round as far as it is."""
        if not has_room(EVENTS_OF_A_STEP):
            workflow.continue_as_new(self._wish())

    def _wish(self) -> SyncRun:
        return SyncRun(**self._ref.model_dump(), is_scheduled=self._is_due)

    async def _control(
        self, method: Callable[[SyncActivities, Input], Awaitable[Output]], value: Input, summary: str
    ) -> Output:
        return await run_step(
            method, value, queue=Queue.CONTROL, summary=summary, within=policies.SHORT, retry=policies.ALWAYS_RETRY
        )

    def _tell(self, state: str) -> None:
        if state != self._told:
            self._told = state
            workflow.upsert_search_attributes([STATE.value_set(state)])
