"""A dead delivery ordered again at each moment around the end of its run, on the real Temporal server."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError
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

RACES = 12
KIND = DispatchKind.DELIVER_WEBHOOK

pytestmark = pytest.mark.timeout(300)


@dataclass
class Receiver:
    """Takes nothing at the first attempt, and says so when it may; takes everything after that."""

    client: Client
    tenant_id: Id = field(default_factory=new_id)
    delivery_id: Id = field(default_factory=new_id)
    is_tried: asyncio.Event = field(default_factory=asyncio.Event)
    may_give_up: asyncio.Event = field(default_factory=asyncio.Event)
    delivered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def workflow_id(self) -> str:
        return dispatch_id(KIND, self.tenant_id, self.delivery_id)

    @activity.defn
    async def deliver_webhook(self, _: DeliveryRef) -> DeliveryOutcome:
        if self.is_tried.is_set():
            self.delivered.set()
            return DeliveryOutcome(state=DeliveryState.DELIVERED)
        self.is_tried.set()
        await self.may_give_up.wait()
        return DeliveryOutcome(state=DeliveryState.DEAD, code="webhook_timed_out")

    async def order(self, *, again: bool) -> None:
        dispatch = Dispatch(self.tenant_id, self.workflow_id, KIND, self.delivery_id, SystemClock().now(), again=again)
        await Starters(self.client).start(dispatch)

    async def gave_up(self) -> None:
        """Wait until Temporal knows how the attempt went."""
        handle = self.client.get_workflow_handle(self.workflow_id)
        while True:
            events = (await handle.fetch_history()).events
            if any(event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED for event in events):
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def receiving(temporal_address: str) -> AsyncGenerator[Receiver]:
    client = await Client.connect(temporal_address, data_converter=DATA_CONVERTER)
    await ensure_search_attributes(client)
    receiver = Receiver(client)
    async with Worker(client, task_queue=Queue.WEBHOOKS, activities=[receiver.deliver_webhook]):
        yield receiver


def control(client: Client) -> Worker:
    """It keeps no workflow in memory: another one goes on at once where it stopped."""
    runner = sandbox()
    return Worker(client, task_queue=Queue.CONTROL, workflows=WORKFLOWS, workflow_runner=runner, max_cached_workflows=0)


async def test_an_order_during_the_last_attempt_is_not_lost(temporal_address: str) -> None:
    async with receiving(temporal_address) as receiver, control(receiver.client):
        await receiver.order(again=False)
        await receiver.is_tried.wait()
        await receiver.order(again=True)
        receiver.may_give_up.set()
        await receiver.delivered.wait()


async def test_an_order_between_the_last_attempt_and_the_end_is_not_lost(temporal_address: str) -> None:
    async with receiving(temporal_address) as receiver:
        async with control(receiver.client):
            await receiver.order(again=False)
            await receiver.is_tried.wait()
        receiver.may_give_up.set()
        await receiver.gave_up()
        await receiver.order(again=True)
        async with control(receiver.client):
            await receiver.delivered.wait()


async def test_an_order_after_the_end_is_not_lost(temporal_address: str) -> None:
    async with receiving(temporal_address) as receiver, control(receiver.client):
        receiver.may_give_up.set()
        await receiver.order(again=False)
        with pytest.raises(WorkflowFailureError):
            await receiver.client.get_workflow_handle(receiver.workflow_id).result()
        await receiver.order(again=True)
        await receiver.delivered.wait()


async def test_no_order_is_lost_that_races_with_the_end(temporal_address: str) -> None:
    """Whichever comes first."""
    async with receiving(temporal_address) as receiver, control(receiver.client):
        for _ in range(RACES):
            receiver.delivery_id = new_id()
            for event in (receiver.is_tried, receiver.may_give_up, receiver.delivered):
                event.clear()
            await receiver.order(again=False)
            await receiver.is_tried.wait()
            receiver.may_give_up.set()
            await receiver.gave_up()
            await receiver.order(again=True)
            await receiver.delivered.wait()
