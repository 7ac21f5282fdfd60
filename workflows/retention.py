"""Removing what is past its time, of one tenant and, by the clock, of every tenant."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.retention import RetentionActivities
    from activities.selections import SelectionActivities
    from lethe.contracts.retention import (
        KindTally,
        RetainAllRun,
        RetentionPage,
        RetentionPlan,
        RetentionProgress,
        RetentionReport,
        RetentionStart,
        RetentionTally,
    )
    from lethe.contracts.selection import RemovalPage
    from lethe.model.operations import DispatchKind
    from lethe.model.retention import RetentionKind
    from lethe.model.workflow_ids import dispatch_id

from workflows import policies
from workflows.cancelling import cancel_quietly
from workflows.children import child_options, run_alone
from workflows.policies import Queue
from workflows.steps import run_step

PAGES_PER_RUN = 100
"""Then it continues as new, with its place and counts."""


@workflow.defn(name="apply-retention")
class ApplyRetention:
    """Documents, then questions, then dead letters; what is held or restricted stays and is counted.

    Documents are hidden page by page, then taken out of every store by the step that ends a deletion of many: also when
    none was found, since a run that broke off may have left some hidden.
    Started by hand in the Temporal UI it takes `{"run": {"tenant_id": ..., "run_id": <any new UUID>}}`.
    """

    @workflow.init
    def __init__(self, state: RetentionProgress) -> None:
        self._state = state

    @workflow.run
    async def run(self, state: RetentionProgress) -> RetentionReport:
        plan = state.plan or await self._plan()
        self._state = state.model_copy(update={"plan": plan})
        for _ in range(PAGES_PER_RUN):
            if len(self._state.done) == len(RetentionKind):
                return await self._finish()
            await (self._remove_page() if self._state.is_removing else self._expire_page(plan))
            self._tell(plan)
            if workflow.info().is_continue_as_new_suggested():  # documents on their way in are cancelled one by one
                break
        return workflow.continue_as_new(self._state)

    @workflow.query(description="The kinds that are done, and what was found so far of the one under way")
    def progress(self) -> RetentionProgress:
        return self._state

    async def _plan(self) -> RetentionPlan:
        return await run_step(
            RetentionActivities.plan_retention,
            RetentionStart(run=self._state.run, as_of=workflow.now()),
            queue=Queue.IO,
            summary="how old is too old",
            within=policies.SHORT,
            retry=policies.ALWAYS_RETRY,
        )

    async def _expire_page(self, plan: RetentionPlan) -> None:
        state, kind = self._state, self._kind
        page = await run_step(
            RetentionActivities.expire_page,
            RetentionPage(run=state.run, plan=plan, kind=kind, after=state.after),
            queue=Queue.IO,
            summary=f"{kind.value}, {state.tally.matched:,} past their time so far",
            retry=policies.ALWAYS_RETRY,
        )
        for version_id in page.running:
            await cancel_quietly(dispatch_id(DispatchKind.INGEST_DOCUMENT, state.run.tenant_id, version_id))
        tally = state.tally.plus(page.tally)
        self._state = state.model_copy(update={"after": page.after, "tally": tally})
        if page.after is not None:
            return
        if kind is RetentionKind.DOCUMENTS and not plan.dry_run:
            self._state = self._state.model_copy(update={"is_removing": True})
        else:
            self._next_kind()

    async def _remove_page(self) -> None:
        state = self._state
        removed = await run_step(
            SelectionActivities.remove_deleted,
            RemovalPage(tenant_id=state.run.tenant_id, after=state.after),
            queue=Queue.IO,
            summary="what was hidden, out of every store",
            retry=policies.ALWAYS_RETRY,
        )
        self._state = state.model_copy(update={"after": removed.after})
        if removed.after is None:
            self._next_kind()

    def _next_kind(self) -> None:
        done = [*self._state.done, KindTally(kind=self._kind, tally=self._state.tally)]
        changed = {"done": done, "after": None, "tally": RetentionTally(), "is_removing": False}
        self._state = self._state.model_copy(update=changed)

    async def _finish(self) -> RetentionReport:
        report = RetentionReport(run=self._state.run, kinds=self._state.done)
        await run_step(
            RetentionActivities.finish_retention,
            report,
            queue=Queue.IO,
            summary="counts",
            within=policies.SHORT,
            retry=policies.ALWAYS_RETRY,
        )
        return report

    @property
    def _kind(self) -> RetentionKind:
        return list(RetentionKind)[len(self._state.done)]

    def _tell(self, plan: RetentionPlan) -> None:
        kinds = list(self._state.done)
        if len(kinds) < len(RetentionKind):
            kinds.append(KindTally(kind=self._kind, tally=self._state.tally))
        lines = [
            f"{each.kind.value}: {each.tally.matched:,} past their time, {each.tally.held:,} held, "
            f"{each.tally.removed:,} removed"
            for each in kinds
        ]
        workflow.set_current_details("\n\n".join(["counted only", *lines] if plan.dry_run else lines))


@workflow.defn(name="retain-all")
class RetainAll:
    """One tenant after the other. Runs by its schedule; may be started in the Temporal UI without input."""

    @workflow.run
    async def run(self, state: RetainAllRun | None = None) -> int:
        """Returns how many tenants were gone through."""
        state = state or RetainAllRun()
        begun = await run_step(
            RetentionActivities.begin_retention, state, queue=Queue.IO, summary="tenants", retry=policies.ALWAYS_RETRY
        )
        for ref in begun.runs:
            options = child_options(DispatchKind.APPLY_RETENTION, ref.tenant_id, ref.run_id)
            await run_alone(ApplyRetention.run, RetentionProgress(run=ref), options)
        runs = state.runs + len(begun.runs)
        if begun.after is not None:
            workflow.continue_as_new(RetainAllRun(after=begun.after, runs=runs))
        return runs
