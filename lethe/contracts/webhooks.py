"""Inputs and outputs of the workflow that delivers one webhook."""

from lethe.contracts.base import Contract
from lethe.model.ids import Id
from lethe.model.webhooks import DeliveryState


class DeliveryRef(Contract):
    """A stored delivery."""

    tenant_id: Id
    delivery_id: Id


class DeliveryOutcome(Contract):
    """How an attempt went. While ``state`` is pending, the next one is due after ``wait_seconds``."""

    state: DeliveryState
    code: str = ""
    wait_seconds: float = 0.0
