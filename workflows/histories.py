"""Histories of workflows, for whoever erases them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from lethe.errors import WorkflowsUnavailable

RPC_TIMEOUT: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Histories:
    """lethe.ports.personal_data.HistoryStore on one Temporal client."""

    client: Client

    async def delete(self, workflow_ids: Sequence[str]) -> int:
        """Every run that visibility lists, and the newest one, which visibility may not list yet."""
        return sum([await self._delete(workflow_id) for workflow_id in workflow_ids])

    async def cancel(self, workflow_ids: Sequence[str]) -> None:
        for workflow_id in workflow_ids:
            try:
                await self.client.get_workflow_handle(workflow_id).cancel(rpc_timeout=RPC_TIMEOUT)
            except RPCError as error:
                _unless_missing(error)

    async def running(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        described = [await self._describe(workflow_id) for workflow_id in workflow_ids]
        return frozenset(
            each.id for each in described if each is not None and each.status is WorkflowExecutionStatus.RUNNING
        )

    async def existing(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        described = [await self._describe(workflow_id) for workflow_id in workflow_ids]
        return frozenset(each.id for each in described if each is not None)

    async def _delete(self, workflow_id: str) -> int:
        try:
            runs = {run.run_id async for run in self.client.list_workflows(f'WorkflowId = "{workflow_id}"')}
        except RPCError as error:
            raise WorkflowsUnavailable from error
        newest = await self._describe(workflow_id)
        if newest is not None:
            runs.add(newest.run_id)
        for run_id in sorted(runs):
            try:
                await self.client.workflow_service.delete_workflow_execution(
                    DeleteWorkflowExecutionRequest(
                        namespace=self.client.namespace,
                        workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
                    ),
                    timeout=RPC_TIMEOUT,
                )
            except RPCError as error:
                _unless_missing(error)
        return len(runs)

    async def _describe(self, workflow_id: str) -> WorkflowExecutionDescription | None:
        try:
            return await self.client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            _unless_missing(error)
            return None


def _unless_missing(error: RPCError) -> None:
    """Raises WorkflowsUnavailable for anything but a workflow that is not there."""
    if error.status is not RPCStatusCode.NOT_FOUND:
        raise WorkflowsUnavailable from error
