"""Making versions anew of the stored bytes, where what turns bytes into chunks has changed."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.reindexing import ReindexActivities
    from lethe.contracts.reindexing import (
        ReindexedPage,
        ReindexPage,
        ReindexReport,
        ReindexRun,
        ReindexTally,
        ReindexWait,
    )

from workflows import policies
from workflows.policies import Queue
from workflows.steps import run_step

PAGES_PER_RUN: Final = 20
"""Then it continues as new, with its place and counts."""
POLL: Final = timedelta(seconds=5)
POLLS_MOST: Final = 60
"""What takes longer than five minutes is gone on beside."""


@workflow.defn(name="reindex-tenant")
class ReindexTenant:
    """Begins a few documents, waits until they are served, and goes on; what is not affected is only looked at."""

    @workflow.run
    async def run(self, state: ReindexRun) -> ReindexTally:
        for _ in range(PAGES_PER_RUN):
            page = await self._page(state)
            state = state.model_copy(update={"after": page.after, "tally": state.tally.plus(page.tally)})
            tally = state.tally
            workflow.set_current_details(
                f"{tally.matched:,} affected: {tally.parser:,} by the parser, {tally.chunker:,} by the chunker, "
                f"{tally.policy:,} by the policy; {tally.begun:,} begun, {tally.skipped:,} skipped, "
                f"{tally.failed:,} failed"
            )
            await self._wait(state, page)
            if page.after is None:
                return await self._finish(state)
        return workflow.continue_as_new(state)

    async def _page(self, state: ReindexRun) -> ReindexedPage:
        return await run_step(
            ReindexActivities.reindex_page,
            ReindexPage(reindex=state.reindex, after=state.after, so_far=state.tally),
            queue=Queue.IO,
            summary=f"{state.tally.matched:,} affected so far",
            retry=policies.ALWAYS_RETRY,
        )

    async def _wait(self, state: ReindexRun, page: ReindexedPage) -> None:
        for _ in range(POLLS_MOST if page.begun else 0):
            waiting = await run_step(
                ReindexActivities.reindex_waiting,
                ReindexWait(reindex=state.reindex, versions=page.begun),
                queue=Queue.IO,
                summary="whether they are served",
                within=policies.SHORT,
                retry=policies.ALWAYS_RETRY,
            )
            if not waiting:
                return
            await workflow.sleep(POLL, summary=f"until {waiting} are served")

    async def _finish(self, state: ReindexRun) -> ReindexTally:
        await run_step(
            ReindexActivities.finish_reindex,
            ReindexReport(reindex=state.reindex, tally=state.tally),
            queue=Queue.IO,
            summary="counts",
            within=policies.SHORT,
            retry=policies.ALWAYS_RETRY,
        )
        return state.tally
