"""A dead delivery ordered again at any moment around the end of its run, on the real Temporal server."""

import asyncio
from dataclasses import dataclass, field

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from lethe.adapters.clock import SystemClock
from lethe.contracts.webhooks import DeliveryOutcome, DeliveryRef
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.webhooks import DeliveryState
from lethe.model.workflow_ids import dispatch_id
from workers.converter import DATA_CONVERTER
from workers.runner import WORKFLOWS, sandbox
from workers.temporal import ensure_search_attributes
from workflows.policies import Queue
from workflows.starters import Starters

TENANT = new_id()
ORDERS = 24
APART_SECONDS = 0.004


@dataclass
class Receiver:
    """Takes nothing at the first attempt of a delivery, and everything after that."""

    given_up: dict[Id, asyncio.Event] = field(default_factory=dict[Id, asyncio.Event])
    delivered: dict[Id, asyncio.Event] = field(default_factory=dict[Id, asyncio.Event])

    def expect(self, delivery_id: Id) -> None:
        self.given_up[delivery_id], self.delivered[delivery_id] = asyncio.Event(), asyncio.Event()

    @activity.defn
    async def deliver_webhook(self, ref: DeliveryRef) -> DeliveryOutcome:
        if self.given_up[ref.delivery_id].is_set():
            self.delivered[ref.delivery_id].set()
            return DeliveryOutcome(state=DeliveryState.DELIVERED)
        self.given_up[ref.delivery_id].set()
        return DeliveryOutcome(state=DeliveryState.DEAD, code="webhook_timed_out")


async def test_no_order_is_lost(temporal_address: str) -> None:
    client = await Client.connect(temporal_address, data_converter=DATA_CONVERTER)
    await ensure_search_attributes(client)
    starters, receiver = Starters(client), Receiver()

    async def ordered(delivery_id: Id, pause: float) -> None:
        kind = DispatchKind.DELIVER_WEBHOOK
        workflow_id = dispatch_id(kind, TENANT, delivery_id)
        for again in (False, True):
            await starters.start(Dispatch(TENANT, workflow_id, kind, delivery_id, SystemClock().now(), again=again))
            if not again:
                await receiver.given_up[delivery_id].wait()
                await asyncio.sleep(pause)
        async with asyncio.timeout(30):
            await receiver.delivered[delivery_id].wait()

    control = Worker(client, task_queue=Queue.CONTROL, workflows=WORKFLOWS, workflow_runner=sandbox())
    webhooks = Worker(client, task_queue=Queue.WEBHOOKS, activities=[receiver.deliver_webhook])
    async with control, webhooks:
        for number in range(ORDERS):
            delivery_id = new_id()
            receiver.expect(delivery_id)
            await ordered(delivery_id, number * APART_SECONDS)
