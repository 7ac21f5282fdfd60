"""Cancelling another workflow that may have ended."""

from temporalio import workflow
from temporalio.exceptions import FailureError


async def cancel_quietly(workflow_id: str) -> None:
    """Request cancellation; a workflow that has ended, or never was, is no error."""
    try:
        await workflow.get_external_workflow_handle(workflow_id).cancel()
    except FailureError:
        workflow.logger.info("an ingestion to cancel had ended already")
