"""Asking embedding models again for vectors they gave: of one tenant and, by the clock, of every tenant."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.probes import ProbeActivities
    from lethe.contracts.probes import ProbeAllRun, Probed, ProbeRef, QualityProbed

from workflows import policies
from workflows.policies import Queue
from workflows.steps import run_step


async def _probe(ref: ProbeRef, summary: str) -> Probed:
    return await run_step(ProbeActivities.probe_embeddings, ref, queue=Queue.IO, summary=summary)


async def _ask_again(ref: ProbeRef) -> QualityProbed:
    return await run_step(ProbeActivities.probe_quality, ref, queue=Queue.IO, summary="judged questions asked again")


@workflow.defn(name="probe-embeddings")
class ProbeEmbeddings:
    """One tenant's model, and what its questions find."""

    @workflow.run
    async def run(self, ref: ProbeRef) -> Probed:
        probed = await _probe(ref, "texts embedded again")
        said = "other vectors than before: none is written" if probed.is_changed else "the same vectors as before"
        told = f"{probed.compared} compared, least cosine {probed.worst:.6f}: {said}"
        workflow.set_current_details(told)
        quality = await _ask_again(ref)
        if quality.precision is not None:
            told += f"; precision at 5 {quality.precision:.2f} of {quality.questions} judged questions"
        workflow.set_current_details(told)
        return probed


@workflow.defn(name="probe-all")
class ProbeAll:
    """One tenant after the other. Runs by its schedule; may be started in the Temporal UI without input."""

    @workflow.run
    async def run(self, state: ProbeAllRun | None = None) -> ProbeAllRun:
        """Returns the counts: a model that did not answer is neither the same nor another."""
        state = state or ProbeAllRun()
        begun = await run_step(
            ProbeActivities.begin_probes, state, queue=Queue.IO, summary="tenants", retry=policies.ALWAYS_RETRY
        )
        for tenant_id in begun.tenants:
            state = await self._count(state, tenant_id)
        state = state.model_copy(update={"after": begun.after})
        workflow.set_current_details(f"{state.probed:,} probed, {state.changed:,} changed, {state.failed:,} failed")
        if begun.after is not None:
            workflow.continue_as_new(state)
        return state

    async def _count(self, state: ProbeAllRun, tenant_id: str) -> ProbeAllRun:
        try:
            probed = await _probe(ProbeRef(tenant_id=tenant_id), f"tenant {state.probed + state.failed + 1}")
        except ActivityError as error:
            _tell(error, "an embedding model was not probed", tenant_id)
            return state.model_copy(update={"failed": state.failed + 1})
        try:
            await _ask_again(ProbeRef(tenant_id=tenant_id))
        except ActivityError as error:
            _tell(error, "judged questions were not asked again", tenant_id)
        counts = {"probed": state.probed + 1, "changed": state.changed + probed.is_changed}
        return state.model_copy(update=counts)


def _tell(error: ActivityError, what: str, tenant_id: str) -> None:
    """Raises the error of a workflow that is cancelled."""
    if is_cancelled_exception(error):
        raise error
    workflow.logger.warning(what, extra={"tenant": tenant_id})
