"""Changing a document's metadata in its indexes, and deleting a document."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.documents import DocumentActivities
    from activities.indexing import PublishingActivities
    from lethe.contracts.ingestion import DocumentRef, Dropped, Indexed
    from lethe.model.operations import DispatchKind
    from lethe.model.workflow_ids import dispatch_id

from workflows import policies
from workflows.cancelling import cancel_quietly
from workflows.policies import Queue
from workflows.steps import run_step


@workflow.defn(name="apply-metadata")
class ApplyMetadata:
    """Rights and metadata already count (the ledger has them); this brings the index's filters after."""

    @workflow.run
    async def run(self, ref: DocumentRef) -> Indexed:
        return await run_step(
            PublishingActivities.apply_metadata,
            ref,
            queue=Queue.IO,
            summary="readers and attributes",
            retry=policies.ALWAYS_RETRY,
        )


@workflow.defn(name="delete-document")
class DeleteDocument:
    """The document is unreachable already; this takes it out of every store, whatever is still running on it."""

    @workflow.run
    async def run(self, ref: DocumentRef) -> Dropped:
        plan = await run_step(
            DocumentActivities.plan_deletion,
            ref,
            queue=Queue.CONTROL,
            summary="versions to remove",
            within=policies.SHORT,
            retry=policies.ALWAYS_RETRY,
        )
        for version_id in plan.running:
            await cancel_quietly(dispatch_id(DispatchKind.INGEST_DOCUMENT, ref.tenant_id, version_id))
        dropped = await run_step(
            DocumentActivities.finish_deletion,
            ref,
            queue=Queue.CONTROL,
            summary=f"{len(plan.version_ids)} versions, derived stores first",
            retry=policies.ALWAYS_RETRY,
        )
        workflow.set_current_details(
            f"Removed {dropped.objects} objects, {dropped.chunks} chunks, {dropped.blobs} blobs."
        )
        return dropped
