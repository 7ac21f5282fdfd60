"""Looking again for somebody who was erased, after the certificate."""

from datetime import timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.privacy import PrivacyActivities
    from lethe.contracts.erasure import ErasureRef

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
            checked = await run_step(
                PrivacyActivities.check_erasure_again,
                ref,
                queue=Queue.IO,
                summary="whether anything has come back",
                within=policies.BATCH,
                retry=policies.ALWAYS_RETRY,
            )
            if checked.is_open:
                return
