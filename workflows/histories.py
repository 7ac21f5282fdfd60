"""Histories of workflows, for whoever erases them."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from lethe.errors import WorkflowsUnavailable

Item = TypeVar("Item")

RPC_TIMEOUT: Final = timedelta(seconds=10)

AT_ONCE: Final = 16
"""Requests to the server: a document has four ids, and few of them ever ran."""


@dataclass(frozen=True, slots=True)
class Histories:
    """lethe.ports.personal_data.HistoryStore on one Temporal client."""

    client: Client

    async def delete(self, workflow_ids: Sequence[str]) -> int:
        """Every run that visibility lists, and the newest one, which visibility may not list yet."""
        runs = set[tuple[str, str]]()
        for some in _portions(workflow_ids):
            listed, described = await asyncio.gather(self._listed(some), self._described(some))
            runs |= listed | {(each.id, each.run_id) for each in described}
        for some in _portions(sorted(runs)):
            await asyncio.gather(*(self._delete(*run) for run in some))
        return len(runs)

    async def cancel(self, workflow_ids: Sequence[str]) -> None:
        for workflow_id in workflow_ids:
            try:
                await self.client.get_workflow_handle(workflow_id).cancel(rpc_timeout=RPC_TIMEOUT)
            except RPCError as error:
                _unless_missing(error)

    async def running(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        described = await self._described(workflow_ids)
        return frozenset(each.id for each in described if each.status is WorkflowExecutionStatus.RUNNING)

    async def existing(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(each.id for each in await self._described(workflow_ids))

    async def _listed(self, workflow_ids: Sequence[str]) -> set[tuple[str, str]]:
        named = ", ".join(f'"{workflow_id}"' for workflow_id in workflow_ids)
        try:
            return {(run.id, run.run_id) async for run in self.client.list_workflows(f"WorkflowId IN ({named})")}
        except RPCError as error:
            raise WorkflowsUnavailable from error

    async def _delete(self, workflow_id: str, run_id: str) -> None:
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

    async def _described(self, workflow_ids: Sequence[str]) -> list[WorkflowExecutionDescription]:
        """Those the server knows."""
        found = list[WorkflowExecutionDescription]()
        for some in _portions(workflow_ids):
            described = await asyncio.gather(*(self._describe(each) for each in some))
            found += [each for each in described if each is not None]
        return found

    async def _describe(self, workflow_id: str) -> WorkflowExecutionDescription | None:
        try:
            return await self.client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            _unless_missing(error)
            return None


def _portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def _unless_missing(error: RPCError) -> None:
    """Raises WorkflowsUnavailable for anything but a workflow that is not there."""
    if error.status is not RPCStatusCode.NOT_FOUND:
        raise WorkflowsUnavailable from error
