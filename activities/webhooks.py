"""Delivering webhooks: on a queue of their own, where a receiver that is slow holds up no document."""

from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.webhooks import DeliveryOutcome, DeliveryRef
from lethe.telemetry import WEBHOOK_ATTEMPTS
from lethe.webhooks.delivering import Deliveries


@dataclass(frozen=True)
class WebhookActivities:
    """One attempt at a time."""

    deliveries: Deliveries

    @activity.defn
    async def deliver_webhook(self, ref: DeliveryRef) -> DeliveryOutcome:
        attempt = await self.deliveries.attempt(ref.tenant_id, ref.delivery_id)
        WEBHOOK_ATTEMPTS.labels(attempt.state.value).inc()
        return DeliveryOutcome(state=attempt.state, code=attempt.code, wait_seconds=attempt.wait_seconds)
