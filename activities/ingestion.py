"""Reading a document: CPU-bound, on the cpu queue; on the embed queue what waits for an outside embedder."""

from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.ingestion import Chunked, EmbedBatch, Embedded, Parsed, Validated, VersionRef
from lethe.ingestion.steps import embedding, reading
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.telemetry import CHUNKS_EMBEDDED


@dataclass(frozen=True)
class ReadingActivities:
    """Steps that use the parser and the embedder."""

    pipeline: Pipeline

    @activity.defn
    async def validate_document(self, ref: VersionRef) -> Validated:
        return await reading.validate_document(self.pipeline, ref)

    @activity.defn
    async def parse_document(self, ref: VersionRef) -> Parsed:
        return await reading.parse_document(self.pipeline, ref)

    @activity.defn
    async def chunk_document(self, ref: VersionRef) -> Chunked:
        return await reading.chunk_version(self.pipeline, ref)

    @activity.defn
    async def embed_chunks(self, batch: EmbedBatch) -> Embedded:
        embedded = await embedding.embed_chunks(self.pipeline, batch)
        CHUNKS_EMBEDDED.labels("computed").inc(embedded.computed)
        CHUNKS_EMBEDDED.labels("reused").inc(embedded.reused)
        return embedded
