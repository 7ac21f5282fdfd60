"""How much waits in the task queues, as Temporal counts it."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from lethe.telemetry import QUEUE_LENGTH
from workflows.policies import Queue

logger = logging.getLogger("lethe.backlog")

PAUSE_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """Runs in every worker process; each shows the same."""

    client: Client

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except RPCError as error:
                logger.warning("task queues not looked at", extra={"code": error.status.name.lower()})
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self) -> None:
        """Workflow tasks and activities together: what a queue's workers have to do."""
        for queue in Queue:
            QUEUE_LENGTH.labels(queue.value).set(sum([await self._length(queue, kind) for kind in _KINDS]))

    async def _length(self, queue: Queue, kind: TaskQueueType.ValueType) -> int:
        described = await self.client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=self.client.namespace,
                task_queue=TaskQueue(name=queue.value),
                task_queue_type=kind,
                report_stats=True,
            )
        )
        return described.stats.approximate_backlog_count


_KINDS: Final = (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY)
