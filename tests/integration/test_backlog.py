"""How much waits in Temporal's queues, as the gauge shows it."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from lethe.contracts.probes import ProbeRef
from lethe.model.ids import new_id
from tests.integration.installation import Installation
from workers.backlog import Backlog
from workflows.policies import Queue
from workflows.probes import ProbeEmbeddings

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def test_what_nobody_works_on_is_counted(prepared: Installation) -> None:
    backlog = Backlog(prepared.client)
    await backlog.look()
    assert _length(Queue.CONTROL) == 0
    for _ in range(3):
        await prepared.client.start_workflow(
            ProbeEmbeddings.run, ProbeRef(tenant_id=new_id()), id=new_id(), task_queue=Queue.CONTROL
        )
    while _length(Queue.CONTROL) != 3:
        await asyncio.sleep(0.2)
        await backlog.look()
    assert _length(Queue.IO) == 0


def _length(queue: Queue) -> float | None:
    return REGISTRY.get_sample_value("rag_queue_length", {"queue": queue.value})
