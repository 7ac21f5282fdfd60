"""One change to all documents that fit a description, page by page, however many they are."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.selections import SelectionActivities
    from lethe.contracts.selection import (
        Changed,
        RemovalPage,
        SelectedPage,
        SelectionBatch,
        SelectionPage,
        SelectionRun,
        SelectionTotals,
    )
    from lethe.model.operations import DispatchKind
    from lethe.model.selections import SelectionAction
    from lethe.model.workflow_ids import dispatch_id

from workflows import policies
from workflows.cancelling import cancel_quietly
from workflows.policies import Queue
from workflows.steps import run_step

PAGES_PER_RUN = 100
"""Then it continues as new, with its place and counts."""


@workflow.defn(name="apply-selection")
class ApplySelection:
    """First every document that fits is changed in the ledger, where it counts at once; what was deleted is then
    taken out of every store.
    """

    @workflow.init
    def __init__(self, state: SelectionRun) -> None:
        self._state = state

    @workflow.run
    async def run(self, state: SelectionRun) -> SelectionTotals:
        for _ in range(PAGES_PER_RUN):
            is_over = await (self._remove_page() if self._state.is_removing else self._change_page())
            self._tell()
            if is_over:
                return await self._finish()
            if workflow.info().is_continue_as_new_suggested():  # documents on their way in are cancelled one by one
                break
        return workflow.continue_as_new(self._state)

    @workflow.query(description="How many documents fit, were changed, were left alone, and are out of every store")
    def progress(self) -> SelectionTotals:
        return self._state.totals

    async def _change_page(self) -> bool:
        state, totals = self._state, self._state.totals
        page = await run_step(
            SelectionActivities.select_page,
            SelectionPage(selection=state.selection, after=state.after, totals=totals),
            queue=Queue.IO,
            summary=f"{totals.matched:,} so far",
            retry=policies.ALWAYS_RETRY,
        )
        changed = await self._change(page) if page.ids else Changed(done=0, skipped=0)
        totals = totals.model_copy(
            update={
                "matched": totals.matched + len(page.ids),
                "done": totals.done + changed.done,
                "skipped": totals.skipped + changed.skipped + page.skipped,
            }
        )
        is_last = page.after is None
        is_removing = is_last and page.action is SelectionAction.DELETE and totals.done > 0
        self._state = state.model_copy(update={"after": page.after, "totals": totals, "is_removing": is_removing})
        return is_last and not is_removing

    async def _change(self, page: SelectedPage) -> Changed:
        if page.action is SelectionAction.COUNT:
            return Changed(done=0, skipped=0)
        is_deletion = page.action is SelectionAction.DELETE
        changed = await run_step(
            SelectionActivities.delete_selected if is_deletion else SelectionActivities.update_selected,
            SelectionBatch(selection=self._state.selection, ids=page.ids),
            queue=Queue.IO,
            summary=f"{page.action.value} {len(page.ids)}",
            retry=policies.ALWAYS_RETRY,
        )
        for version_id in changed.running:
            tenant_id = self._state.selection.tenant_id
            await cancel_quietly(dispatch_id(DispatchKind.INGEST_DOCUMENT, tenant_id, version_id))
        return changed

    async def _remove_page(self) -> bool:
        state, totals = self._state, self._state.totals
        removed = await run_step(
            SelectionActivities.remove_deleted,
            RemovalPage(tenant_id=state.selection.tenant_id, after=state.after),
            queue=Queue.IO,
            summary=f"{totals.removed:,} are out of every store",
            retry=policies.ALWAYS_RETRY,
        )
        totals = totals.model_copy(
            update={"removed": totals.removed + removed.documents, "objects": totals.objects + removed.objects}
        )
        self._state = state.model_copy(update={"after": removed.after, "totals": totals})
        return removed.after is None

    async def _finish(self) -> SelectionTotals:
        state = self._state
        await run_step(
            SelectionActivities.finish_selection,
            SelectionPage(selection=state.selection, after=None, totals=state.totals),
            queue=Queue.IO,
            summary="counts",
            retry=policies.ALWAYS_RETRY,
        )
        return state.totals

    def _tell(self) -> None:
        totals = self._state.totals
        workflow.set_current_details(
            f"{totals.matched:,} fit, {totals.done:,} changed, {totals.skipped:,} left alone, "
            f"{totals.removed:,} out of every store"
        )
