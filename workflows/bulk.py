"""Bringing many documents in: pages of ids from the ledger, batches of them in a window, failures to their own."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.bulk import BulkActivities
    from lethe.contracts.bulk import (
        BatchDone,
        BulkCursor,
        BulkOutcome,
        BulkPage,
        BulkProgress,
        BulkState,
        IngestionRef,
        Planned,
        StateChange,
        WindowChange,
    )
    from lethe.model.ingestions import IngestionState

from workflows.attributes import CANCELLED, DONE, PAUSED, RUNNING, SETTLING, STATE
from workflows.bulk_steps import (
    Dropping,
    all_failed,
    control,
    details,
    end_abandoned,
    hand_over,
    has_room,
    ingest,
    progress_of,
    sweep,
    unpack,
)
from workflows.failures import code_of

EVENTS_OF_A_BATCH: Final = 12
EVENTS_OF_A_FAILURE: Final = 6
FIRST_LOOK: Final = timedelta(seconds=5)
LAST_LOOK: Final = timedelta(minutes=1)
MOST_WINDOW: Final = 16


@workflow.defn(name="ingest-bulk")
class IngestBulk:
    """Runs while the ingestion is open or has work; `pause`, `resume`, `cancel` and `set_window` steer it.

    The ledger holds its state: whoever changes it there sends `look`. Its own state is a cursor and counts.
    """

    @workflow.init
    def __init__(self, state: BulkState) -> None:
        self._state = state
        self._ref = IngestionRef(tenant_id=state.tenant_id, ingestion_id=state.ingestion_id)
        self._page: BulkPage | None = None
        self._is_news = False
        self._is_changed = False
        self._told = workflow.info().typed_search_attributes.get(STATE, RUNNING)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._planned_to = state.cursor
        self._reserved = 0
        self._unpacking: asyncio.Task[None] | None = None
        self._dropping = Dropping(self._ref)

    @workflow.run
    async def run(self, state: BulkState) -> BulkOutcome:
        if not state.started_at:
            self._note(started_at=workflow.time(), idle_since=workflow.time())
        try:
            final = await self._work()
        except BaseException as error:
            if is_cancelled_exception(error):
                await self._cancelled()
            raise
        if final is IngestionState.CANCELLED:
            await self._cancelled()
        else:
            await self._settle()
            self._tell(DONE)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return BulkOutcome(
            status=final.value, ready=self._state.ready, failed=self._state.failed, lost=self._state.lost
        )

    @workflow.signal(description="The ledger has news: more documents, or another state or window")
    def look(self) -> None:
        self._is_news = self._is_changed = True

    @workflow.update(description="Start no more batches; those that run end")
    async def pause(self) -> str:
        return await self._change(IngestionState.PAUSED)

    @workflow.update(description="Go on after a pause")
    async def resume(self) -> str:
        return await self._change(IngestionState.RUNNING)

    @workflow.update(description="Stop, and remove what has not been brought in; what is done stays")
    async def cancel(self) -> str:
        return await self._change(IngestionState.CANCELLED)

    @workflow.update(description=f"How many batches may run at once, 1 to {MOST_WINDOW}")
    async def set_window(self, batches: int) -> str:
        change = WindowChange(**self._ref.model_dump(), batch_window=batches)
        await control(BulkActivities.change_bulk_window, change, f"window {batches}")
        self.look()
        return f"window {batches}"

    @set_window.validator
    def _may_set_window(self, batches: int) -> None:
        if not 1 <= batches <= MOST_WINDOW:
            raise ValueError(f"the argument is 1 to {MOST_WINDOW}")

    @workflow.query(description="Done, total, failures and rate, and what is running")
    def progress(self) -> BulkProgress:
        return progress_of(self._state, self._page, len(self._running))

    async def _work(self) -> IngestionState:
        """Until the ingestion is done or cancelled; a long one goes on in another run."""
        while True:
            if not has_room(self._reserved):
                await self._go_on()
            self._is_news = False
            page = await self._next_page()
            if page.state.is_final:
                return page.state
            if page.state is IngestionState.PAUSED:
                self._stir()
                await self._until_news(LAST_LOOK)
                continue
            self._unpack(page)
            if page.batches:
                await self._spawn_all(page)
            elif self._running or self._unpacking:
                await self._until_changed()
            elif await self._is_finished(page):
                return IngestionState.DONE
            else:
                await self._idle(page)
                continue
            self._stir()

    async def _next_page(self) -> BulkPage:
        cursor = BulkCursor(**self._ref.model_dump(), after=self._planned_to)
        page = self._page = await control(BulkActivities.plan_batches, cursor, f"behind {self._planned_to}")
        if page.counts.total != self._state.total:
            self._note(total=page.counts.total)
            self._stir()
        if not page.batches:
            self._planned_to = page.after
        self._tell(PAUSED if page.state is IngestionState.PAUSED else RUNNING)
        self._show()
        return page

    async def _spawn_all(self, page: BulkPage) -> None:
        for batch in page.batches:
            reserved = EVENTS_OF_A_BATCH + EVENTS_OF_A_FAILURE * len(batch.version_ids)
            while len(self._running) >= page.batch_window or not has_room(self._reserved + reserved):
                if not self._running:
                    await self._go_on()
                    return  # it has ended
                await self._until_changed()
                if self._is_news:
                    return  # another state or window: the page is read again from here
            self._planned_to = batch.last
            self._running[batch.last] = asyncio.create_task(self._bring_in(batch, reserved))
        self._planned_to = max(self._planned_to, page.after)

    async def _bring_in(self, batch: Planned, reserved: int) -> None:
        self._reserved += reserved
        try:
            done = await ingest(self._ref, batch)
            await self._account(done)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # Not the documents' fault as far as anyone knows: each waits, visibly, for itself.
            await self._account(all_failed(self._ref, batch, code_of(error)))
        finally:
            self._reserved -= reserved
            del self._running[batch.last]
            self._is_changed = True
        self._show()

    async def _account(self, done: BatchDone) -> None:
        state = self._state
        self._note(
            ready=state.ready + done.ready,
            failed=state.failed + len(done.failed),
            lost=state.lost + done.lost,
            computed=state.computed + done.computed,
        )
        if done.replaced:
            self._note(replaced_at=workflow.time())
        await end_abandoned(self._ref.tenant_id, done.abandoned)
        for failed in done.failed:
            await hand_over(failed)

    def _unpack(self, page: BulkPage) -> None:
        if page.has_archive and self._unpacking is None:
            self._unpacking = asyncio.create_task(self._unpack_some())

    async def _unpack_some(self) -> None:
        try:
            await unpack(self._ref, LAST_LOOK)
        finally:
            self._unpacking = None
            self._is_changed = True

    async def _is_finished(self, page: BulkPage) -> bool:
        if not page.is_closed or page.has_archive or page.given > self._planned_to:
            return False
        cursor = BulkCursor(**self._ref.model_dump(), after=self._planned_to)
        self._page = await control(BulkActivities.finish_bulk, cursor, "whether everything is in")
        return self._page.state is IngestionState.DONE

    async def _until_changed(self) -> None:
        await workflow.wait_condition(lambda: self._is_changed)
        self._is_changed = False
        if self._state.replaced_at and self._page is not None:
            self._dropping.in_passing(self._page.drop_after_seconds)

    async def _idle(self, page: BulkPage) -> None:
        """Nothing is to be done: look again, ever more rarely, and close an ingestion that seems forgotten."""
        idle = workflow.time() - self._state.idle_since
        if idle > page.idle_seconds:
            await control(BulkActivities.close_bulk, self._ref, "nothing came for too long")
        else:
            await self._until_news(min(max(FIRST_LOOK, timedelta(seconds=idle)), LAST_LOOK))

    async def _until_news(self, longest: timedelta) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: self._is_news, timeout=longest)

    def _stir(self) -> None:
        self._note(idle_since=workflow.time())

    def _is_still(self) -> bool:
        return not self._running and self._unpacking is None

    async def _go_on(self) -> None:
        """In another run, once nothing runs in this one. It begins with a look: no signal was for nothing.

        Returns if the ingestion has ended meanwhile: what runs may be tried again for long. That is looked up after
        news, and once a minute at most, since there is little room for it.
        """
        while not self._is_still():
            await workflow.wait_condition(lambda: self._is_news or self._is_still())
            if self._is_still():
                break
            self._is_news = False
            if (await self._next_page()).state.is_final:
                return
            with suppress(TimeoutError):
                await workflow.wait_condition(self._is_still, timeout=LAST_LOOK)
        await self._dropping.ended()
        await workflow.wait_condition(workflow.all_handlers_finished)
        self._note(cursor=self._planned_to)
        workflow.continue_as_new(self._state)

    async def _settle(self) -> None:
        self._note(cursor=self._planned_to)
        self._show()
        if self._state.replaced_at and self._page is not None:
            self._tell(SETTLING)
            await self._dropping.settle(self._state.replaced_at, self._page.drop_after_seconds)

    async def _cancelled(self) -> None:
        """Batches that run are stopped; what they did not finish is removed."""
        tasks = [task for task in (*self._running.values(), self._unpacking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        change = StateChange(**self._ref.model_dump(), state=IngestionState.CANCELLED)
        await control(BulkActivities.change_bulk_state, change, "cancelled")
        await sweep(BulkActivities.clear_bulk, self._ref, "what was not brought in")
        await self._settle()
        self._tell(CANCELLED)

    async def _change(self, wanted: IngestionState) -> str:
        change = StateChange(**self._ref.model_dump(), state=wanted)
        await control(BulkActivities.change_bulk_state, change, wanted.value)
        self.look()
        return wanted.value

    def _note(self, **changed: float) -> None:
        self._state = self._state.model_copy(update=changed)

    def _tell(self, state: str) -> None:
        if state != self._told:
            self._told = state
            workflow.upsert_search_attributes([STATE.value_set(state)])

    def _show(self) -> None:
        workflow.set_current_details(details(self.progress()))
