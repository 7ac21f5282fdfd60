"""Auditing a tenant's stores against its ledger, and every tenant's by the clock."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.audit import AuditActivities
    from lethe.contracts.audit import (
        AuditAllRun,
        AuditProgress,
        AuditRef,
        AuditReport,
        AuditRun,
        AuditStep,
        AuditTally,
        BuildTally,
    )
    from lethe.model.operations import DispatchKind

from workflows import policies
from workflows.children import child_options, run_alone
from workflows.policies import Queue
from workflows.steps import run_step

STEPS_PER_RUN = 200
"""Then the audit continues as new, with its place and counts: far below what a history may hold."""


@workflow.defn(name="audit-tenant")
class AuditTenant:
    """Lists each index build by id, page by page, beside the ledger; then the blobs; stores what it found.

    Started by hand in the Temporal UI it takes `{"audit": {"tenant_id": ..., "audit_id": <any new UUID>}}`.
    """

    @workflow.init
    def __init__(self, state: AuditRun) -> None:
        self._state = state

    @workflow.run
    async def run(self, state: AuditRun) -> AuditReport:
        ref = state.audit
        if state.builds is None:
            plan = await run_step(
                AuditActivities.plan_audit, ref, queue=Queue.IO, summary="builds", retry=policies.ALWAYS_RETRY
            )
            self._state = state.model_copy(update={"builds": plan.builds})
        steps = 0
        while self._state.builds:
            if steps == STEPS_PER_RUN:
                workflow.continue_as_new(self._state)
            await self._step(self._state.builds)
            steps += 1
        return await self._finish(ref)

    @workflow.query(description="How many builds and objects were compared, and what was found")
    def progress(self) -> AuditProgress:
        state, total = self._state, self._total()
        return AuditProgress(
            builds=len(state.builds or []) + len(state.done),
            builds_done=len(state.done),
            objects=total.found,
            orphans=total.orphans,
            holes=total.holes,
            stale=total.stale,
        )

    async def _step(self, builds: list[str]) -> None:
        state = self._state
        audited = await run_step(
            AuditActivities.audit_build,
            AuditStep(audit=state.audit, build_id=builds[0], after=state.after),
            queue=Queue.IO,
            summary=f"build {len(state.done) + 1}, after {state.tally.found:,} objects",
            retry=policies.ALWAYS_RETRY,
        )
        tally = state.tally.plus(audited.tally)
        changed: dict[str, object] = {"after": audited.after, "tally": tally}
        if audited.after is None:
            done = [*state.done, BuildTally(build_id=builds[0], tally=tally)]
            changed = {"after": None, "tally": AuditTally(), "builds": builds[1:], "done": done}
        self._state = state.model_copy(update=changed)
        self._tell()

    async def _finish(self, ref: AuditRef) -> AuditReport:
        blobs = await run_step(
            AuditActivities.audit_blobs, ref, queue=Queue.IO, summary="blobs", retry=policies.ALWAYS_RETRY
        )
        report = AuditReport(audit=ref, builds=self._state.done, blobs=blobs)
        await run_step(
            AuditActivities.finish_audit,
            report,
            queue=Queue.IO,
            summary="what was found",
            within=policies.SHORT,
            retry=policies.ALWAYS_RETRY,
        )
        self._tell()
        return report

    def _total(self) -> AuditTally:
        total = self._state.tally
        for each in self._state.done:
            total = total.plus(each.tally)
        return total

    def _tell(self) -> None:
        total = self._total()
        workflow.set_current_details(
            f"{total.found:,} objects: {total.orphans} orphans, {total.holes} holes, {total.stale} stale; "
            f"{total.repaired} put right"
        )


@workflow.defn(name="audit-all")
class AuditAll:
    """Audits one tenant after the other. Runs by its schedule; may be started in the Temporal UI without input."""

    @workflow.run
    async def run(self, state: AuditAllRun | None = None) -> int:
        """Returns how many tenants were audited."""
        state = state or AuditAllRun()
        begun = await run_step(
            AuditActivities.begin_audits, state, queue=Queue.IO, summary="tenants", retry=policies.ALWAYS_RETRY
        )
        for ref in begun.audits:
            options = child_options(DispatchKind.AUDIT_TENANT, ref.tenant_id, ref.audit_id)
            await run_alone(AuditTenant.run, AuditRun(audit=ref), options)
        audits = state.audits + len(begun.audits)
        if begun.after is not None:
            workflow.continue_as_new(state.model_copy(update={"after": begun.after, "audits": audits}))
        return audits
