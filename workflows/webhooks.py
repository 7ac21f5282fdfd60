"""Telling one webhook of one event, for as long as that takes."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.webhooks import WebhookActivities
    from lethe.contracts.webhooks import DeliveryOutcome, DeliveryRef
    from lethe.model.webhooks import DeliveryState

from workflows import policies
from workflows.policies import Queue
from workflows.steps import run_step


@workflow.defn(name="deliver-webhook")
class DeliverWebhook:
    """Attempts with growing pauses; at the end of them the delivery is dead and this workflow fails with its code."""

    @workflow.init
    def __init__(self, ref: DeliveryRef) -> None:
        self._is_wanted_again = False

    @workflow.signal(description="The delivery, which is dead, is to be tried again from the beginning")
    def try_again(self) -> None:
        self._is_wanted_again = True

    @workflow.run
    async def run(self, ref: DeliveryRef) -> DeliveryOutcome:
        while True:
            self._is_wanted_again = False
            outcome = await run_step(
                WebhookActivities.deliver_webhook,
                ref,
                queue=Queue.WEBHOOKS,
                summary="one attempt",
                within=policies.PARSE,
                retry=policies.ALWAYS_RETRY,
            )
            if outcome.state is DeliveryState.DELIVERED:
                return outcome
            if outcome.state is DeliveryState.DEAD:
                if self._is_wanted_again:
                    continue
                raise ApplicationError(outcome.code, type=outcome.code) from None
            workflow.set_current_details(f"`{outcome.code}`; again in {outcome.wait_seconds:.0f} s.")
            await workflow.sleep(timedelta(seconds=outcome.wait_seconds), summary="until the next attempt")
