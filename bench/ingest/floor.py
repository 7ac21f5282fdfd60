"""What a plain script would do: parse, chunk, embed and insert in one process, with Lethe's own reader, chunker,
embedder and Weaviate adapter; no ledger, no workflow, no sealing, no sandbox.

    python -m bench.ingest.floor FOLDER    prints one JSON line; LETHE_WEAVIATE__* say where Weaviate is

Loading code and model is not measured. `build` is also what the results of Lethe are compared with.
"""

import asyncio
import hashlib
import json
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from lethe.adapters.clock import SystemClock
from lethe.adapters.embedding.choice import open_embedder
from lethe.adapters.parsing import vendor
from lethe.adapters.parsing.pool import limits_from
from lethe.adapters.parsing.readers import read
from lethe.adapters.weaviate import WeaviateIndex
from lethe.ingestion.chunking import ChunkDraft, chunk_document, chunk_plan, embedding_text
from lethe.ingestion.cleaning import clean
from lethe.ingestion.sniffing import sniff
from lethe.ingestion.steps.reading import file_stem
from lethe.model.ids import chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, collection_name
from lethe.model.terms import index_terms
from lethe.ports.embedding import Embedder, InputKind
from lethe.ports.vectors import IndexObject
from lethe.settings import Settings, load_settings

INSERT = 150


@dataclass(frozen=True, slots=True)
class Built:
    """A chunk as it is to be embedded. ``digest`` tells it from others: SHA-256 of that text."""

    draft: ChunkDraft
    embedded: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.embedded.encode()).hexdigest()


async def chunks_of(path: Path, embedder: Embedder, settings: Settings) -> list[Built]:
    """One file's chunks. Raises DocumentError."""
    with path.open("rb") as file:
        media_type = sniff(file, claimed="application/octet-stream", suffix=path.suffix, limits=settings.limits)
    document = clean(read(path, media_type, limits_from(settings)), file_stem(path.as_uri()))
    drafts = await chunk_document(document, embedder, chunk_plan(settings.chunks, embedder.tokenizer))
    return [Built(draft, embedding_text(draft.section, draft.text, embedder.tokenizer)) for draft in drafts]


async def build(paths: Sequence[Path], settings: Settings) -> dict[str, list[Built]]:
    """Every file's chunks by its name, made from nothing."""
    vendor.warm_up()
    async with open_embedder(settings) as embedder:
        return {path.name: await chunks_of(path, embedder, settings) for path in paths}


async def run(paths: Sequence[Path]) -> dict[str, float]:
    """Ingest the files; CPU and wall seconds of this process, documents and chunks."""
    settings = load_settings()
    vendor.warm_up()
    async with open_embedder(settings) as embedder, _fresh_build(settings, embedder) as (index, target):
        await embedder.embed(["warm up"], InputKind.DOCUMENT)
        started, wall = time.process_time(), time.perf_counter()
        pending: list[IndexObject] = []
        documents = written = 0
        async for objects in _objects(paths, embedder, settings, target.tenant_id):
            documents += 1
            pending += objects
            while len(pending) >= INSERT:
                await index.upsert(target, pending[:INSERT])
                written += INSERT
                pending = pending[INSERT:]
        await index.upsert(target, pending)
        written += len(pending)
        return {
            "cpu_seconds": time.process_time() - started,
            "seconds": time.perf_counter() - wall,
            "documents": documents,
            "chunks": written,
        }


async def _objects(
    paths: Sequence[Path], embedder: Embedder, settings: Settings, reader: str
) -> AsyncIterator[list[IndexObject]]:
    for path in paths:
        chunks = await chunks_of(path, embedder, settings)
        vectors = await embedder.embed([chunk.embedded for chunk in chunks], InputKind.DOCUMENT)
        version = new_id()
        yield [
            IndexObject(
                chunk_id=chunk_id(version, chunk.draft.ordinal),
                document_id=version,
                version_id=version,
                ordinal=chunk.draft.ordinal,
                terms=index_terms(f"{chunk.draft.section}\n{chunk.draft.text}", chunk.draft.language),
                readers=(reader,),
                attributes=(),
                vector=vectors[row],
            )
            for row, chunk in enumerate(chunks)
        ]


@asynccontextmanager
async def _fresh_build(settings: Settings, embedder: Embedder) -> AsyncGenerator[tuple[WeaviateIndex, IndexBuild]]:
    """A Weaviate tenant of its own, removed at the end."""
    index = WeaviateIndex.from_settings(settings)
    spec = embedder.spec
    target = IndexBuild(
        tenant_id=new_id(),
        id=new_id(),
        kind=BuildKind.VECTOR,
        spec=spec.key,
        number=1,
        collection=collection_name(spec.key),
        state=BuildState.ACTIVE,
        seq=0,
        created_at=SystemClock().now(),
    )
    await index.create_build(target, spec.dims)
    try:
        yield index, target
    finally:
        await index.drop_build(target)
        await index.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sorted(Path(sys.argv[1]).iterdir())))))
