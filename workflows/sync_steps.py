"""What a source's workflow hands to others: the ingestion of what it took in, the removal of what it deleted."""

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.selections import SelectionActivities
    from lethe.contracts.bulk import BulkState
    from lethe.contracts.selection import RemovalPage
    from lethe.contracts.sync import Removed
    from lethe.model.operations import DispatchKind
    from lethe.model.workflow_ids import dispatch_id

from workflows import policies
from workflows.bulk import IngestBulk
from workflows.cancelling import cancel_quietly
from workflows.children import child_options
from workflows.policies import Queue
from workflows.steps import run_step


async def begin_ingestion(tenant_id: str, ingestion_id: str) -> None:
    """As its dispatch would in a few seconds."""
    try:
        await workflow.start_child_workflow(
            IngestBulk.run,
            BulkState(tenant_id=tenant_id, ingestion_id=ingestion_id),
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            **child_options(DispatchKind.INGEST_BULK, tenant_id, ingestion_id),
        )
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.info("the ingestion runs already")


async def remove_from_stores(tenant_id: str, removed: Removed) -> None:
    """Take deleted documents out of every store, what is still on its way in of them first."""
    for version_id in removed.running:
        await cancel_quietly(dispatch_id(DispatchKind.INGEST_DOCUMENT, tenant_id, version_id))
    after, is_over = None, not removed.documents
    while not is_over:
        page = await run_step(
            SelectionActivities.remove_deleted,
            RemovalPage(tenant_id=tenant_id, after=after),
            queue=Queue.IO,
            summary="out of every store",
            retry=policies.ALWAYS_RETRY,
        )
        after, is_over = page.after, page.after is None
