"""DeliverWebhook, and a dead delivery that is ordered again while the run that gave it up has not ended."""

from collections.abc import Awaitable, Callable

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from lethe.adapters.clock import SystemClock
from lethe.contracts.webhooks import DeliveryOutcome, DeliveryRef
from lethe.model.ids import new_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.webhooks import DeliveryState
from lethe.model.workflow_ids import dispatch_id
from tests.workflows.scripted import Scripted, replayed
from workflows.starters import Starters

DELIVERED = DeliveryOutcome(state=DeliveryState.DELIVERED)
DEAD = DeliveryOutcome(state=DeliveryState.DEAD, code="webhook_timed_out")


class Receiver(Scripted):
    """``meanwhile`` happens when the ledger says how the attempt went, and its workflow does not know yet."""

    def __init__(self, *outcomes: DeliveryOutcome) -> None:
        super().__init__()
        self.deliveries = list(outcomes)
        self.meanwhile: list[Callable[[], Awaitable[None]]] = []

    @activity.defn
    async def deliver_webhook(self, ref: DeliveryRef) -> DeliveryOutcome:
        outcome = await super().deliver_webhook(ref)
        if self.meanwhile:
            await self.meanwhile.pop()()
        return outcome


def wanted(*, again: bool) -> Dispatch:
    kind = DispatchKind.DELIVER_WEBHOOK
    return Dispatch(TENANT, dispatch_id(kind, TENANT, DELIVERY), kind, DELIVERY, SystemClock().now(), again=again)


TENANT, DELIVERY = new_id(), new_id()


async def test_a_dead_delivery_ordered_again_at_once_is_tried_again(client: Client) -> None:
    starters, receiver = Starters(client), Receiver(DEAD, DELIVERED)
    receiver.meanwhile = [lambda: starters.start(wanted(again=True))]
    async with receiver.running(client):
        await starters.start(wanted(again=False))
        handle = client.get_workflow_handle(wanted(again=False).workflow_id, result_type=DeliveryOutcome)
        assert await handle.result() == DELIVERED
    assert receiver.deliveries == []
    await replayed(handle)


async def test_a_dead_delivery_ordered_again_later_gets_a_run_of_its_own(client: Client) -> None:
    starters, receiver = Starters(client), Receiver(DEAD, DEAD, DELIVERED)
    async with receiver.running(client):
        await starters.start(wanted(again=False))
        for left in (2, 1):
            handle = client.get_workflow_handle(wanted(again=True).workflow_id, result_type=DeliveryOutcome)
            with pytest.raises(WorkflowFailureError) as failure:
                await handle.result()
            assert isinstance(failure.value.cause, ApplicationError)
            assert failure.value.cause.type == DEAD.code
            assert len(receiver.deliveries) == left
            await starters.start(wanted(again=True))
        assert await handle.result() == DELIVERED
        await starters.start(wanted(again=True))  # the sweeper, which does not know that it was started
    assert receiver.deliveries == []
    await replayed(handle)
