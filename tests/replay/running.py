"""What the scenarios have in common."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from workflows.policies import Queue

TENANT = "01900000-0000-7000-8000-000000000001"
VERSION = "01900000-0000-7000-8000-000000000002"
DOCUMENT = "01900000-0000-7000-8000-000000000003"


async def ended(
    client: Client, run: Any, value: object, workflow_id: str, queue: Queue = Queue.CONTROL
) -> WorkflowHandle[Any, Any]:
    """Of a workflow that has come to its end."""
    handle = await client.start_workflow(run, value, id=workflow_id, task_queue=queue)
    await handle.result()
    return handle
