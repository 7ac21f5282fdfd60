"""Writing an index and publishing a version: on the io queue."""

from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.ingestion import DocumentRef, Dropped, Indexed, Switched, VersionRef
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.steps import publishing
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.telemetry import DOCUMENTS


@dataclass(frozen=True)
class PublishingActivities:
    """Steps that write the vector store, and the switch that makes what they wrote count."""

    pipeline: Pipeline
    remover: VersionRemover

    @activity.defn
    async def index_version(self, ref: VersionRef) -> Indexed:
        return await publishing.index_version(self.pipeline, ref)

    @activity.defn
    async def verify_version(self, ref: VersionRef) -> Indexed:
        return await publishing.verify_version(self.pipeline, ref)

    @activity.defn
    async def switch_version(self, ref: VersionRef) -> Switched:
        switched = await publishing.switch_version(self.pipeline, ref)
        DOCUMENTS.labels("ready").inc()
        return switched

    @activity.defn
    async def drop_version(self, ref: VersionRef) -> Dropped:
        return await self.remover.remove(ref.tenant_id, ref.version_id)

    @activity.defn
    async def apply_metadata(self, ref: DocumentRef) -> Indexed:
        return await publishing.apply_metadata(self.pipeline, ref)
