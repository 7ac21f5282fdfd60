"""Looking again for somebody who was erased, after the certificate."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.privacy import PrivacyActivities
    from lethe.contracts.erasure import ErasureRef, Rechecked, RecheckRun

from workflows import policies
from workflows.policies import Queue
from workflows.steps import run_step

PAUSES: Final = (timedelta(hours=1), timedelta(hours=23), timedelta(days=6))
"""Before each look: 1 hour, 1 day and 7 days after the certificate."""


@workflow.defn(name="recheck-erasure")
class RecheckErasure:
    """Looks again for what was erased; a hit has reopened the request, whose own workflow then goes on."""

    @workflow.run
    async def run(self, ref: ErasureRef) -> None:
        for pause in PAUSES:
            await workflow.sleep(pause, summary="until it is looked for again")
            if (await _look(ref)).is_open:
                return


@workflow.defn(name="recheck-erasures")
class RecheckErasures:
    """Every certified erasure, of one tenant or of all: every night, and after whatever may bring somebody back."""

    @workflow.run
    async def run(self, state: RecheckRun | None = None) -> RecheckRun:
        state = state or RecheckRun()
        page = await run_step(
            PrivacyActivities.list_certified,
            state,
            queue=Queue.IO,
            summary=f"{state.checked:,} looked at so far",
            retry=policies.ALWAYS_RETRY,
        )
        for ref in page.requests:
            hits = (await _look(ref)).hits
            counts = {"checked": state.checked + 1, "reopened": state.reopened + bool(hits)}
            state = state.model_copy(update=counts)
        workflow.set_current_details(f"{state.checked:,} looked at, {state.reopened:,} reopened")
        if page.after is not None:
            workflow.continue_as_new(state.model_copy(update={"after": page.after}))
        return state


async def _look(ref: ErasureRef) -> Rechecked:
    return await run_step(
        PrivacyActivities.check_erasure_again,
        ref,
        queue=Queue.IO,
        summary="whether anything has come back",
        within=policies.BATCH,
        retry=policies.ALWAYS_RETRY,
    )
