"""One tenant's documents in one process: a real SQLite ledger, the other stores in memory, the real steps."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from lethe.adapters.fakes.blobs import FakeBlobs
from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.fakes.parsing import FakeParser
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.contracts.ingestion import DocumentRef
from lethe.indexing.builds import FirstBuild
from lethe.ingestion.chunking import chunk_plan
from lethe.ingestion.deletion import mark_deleted
from lethe.ingestion.metadata import Change, write_metadata
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.requests import MetadataPatch
from lethe.ingestion.steps.embedding import give_vectors
from lethe.ingestion.steps.indexing import index_versions
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.steps.publishing import apply_metadata
from lethe.ingestion.steps.switching import switch_versions
from lethe.model.documents import Chunk, Document, Status, Version
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import IndexBuild
from lethe.model.principals import Caller, Role, Tenant
from lethe.ports.keywords import KeywordIndex
from lethe.ports.vectors import IndexObject, VectorIndex
from lethe.privacy.sealing import Purpose, seal_json, seal_text
from lethe.settings import Settings

Meanwhile = Callable[[], Awaitable[None]]


class KilledError(Exception):
    """Stands for the end of the process."""


class InterruptedIndex(InMemoryVectorIndex):
    """Runs ``meanwhile`` before or after the next write, or lets the process end there."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Meanwhile | None = None
        self.after: Meanwhile | None = None

    async def upsert(self, build: IndexBuild, objects: Sequence[IndexObject]) -> None:
        before, self.before = self.before, None
        if before is not None:
            await before()
        await super().upsert(build, objects)
        after, self.after = self.after, None
        if after is not None:
            await after()

    def held(self, build: IndexBuild) -> dict[Id, IndexObject]:
        return dict(self._objects(build))


@dataclass
class Corpus:
    """``documents``: those that are not deleted, by their number."""

    ledger: SqlLedger
    pipeline: Pipeline
    index: VectorIndex
    keywords: KeywordIndex
    embedder: HashEmbedder
    other: HashEmbedder
    tenant_id: Id
    documents: dict[int, Id] = field(default_factory=dict[int, Id])

    @classmethod
    async def open(
        cls,
        settings: Settings,
        index: VectorIndex | None = None,
        keywords: KeywordIndex | None = None,
        embedder: HashEmbedder | None = None,
    ) -> Self:
        """Stores that are not given are in memory."""
        ledger, keyring, tenant_id = SqlLedger.from_settings(settings), FakeKeyRing(), new_id()
        index, keywords = index or InterruptedIndex(), keywords or InMemoryKeywordIndex()
        embedder, other = embedder or HashEmbedder(), HashEmbedder("b")
        pipeline = Pipeline(
            ledger=ledger,
            blobs=FakeBlobs(),
            keyring=keyring,
            parser=FakeParser(),
            embedder=embedder,
            index=index,
            keywords=keywords,
            clock=FakeClock(),
            chunking=chunk_plan(settings.chunks, embedder.tokenizer),
            limits=settings.limits,
            scratch=Path("/nonexistent"),
            others=(other,),
        )
        await keyring.create_tenant(tenant_id)
        async with ledger.write() as uow:
            await uow.tenants.add(Tenant(tenant_id, "world", 0, pipeline.clock.now()))
        await FirstBuild(ledger, index, keywords, embedder.spec).ensure(tenant_id, pipeline.clock.now())
        return cls(ledger, pipeline, index, keywords, embedder, other, tenant_id)

    # What happens to documents.

    async def write(self, number: int, text: str) -> Id:
        """A new version of the document, of a chunk for each line; returns the version's id."""
        version = await self.receive(number, text)
        await index_versions(self.pipeline, self.tenant_id, [version])
        await switch_versions(self.pipeline, self.tenant_id, [version.id])
        return version.id

    async def receive(self, number: int, text: str) -> Version:
        """A version with its chunks and vectors, not in any index yet."""
        now, version_id, lines = self.pipeline.clock.now(), new_id(), text.split("\n")
        key = await self.pipeline.keyring.create(self.tenant_id, version_id)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(self.tenant_id)
            known = self.documents.get(number)
            document = await uow.documents.get(self.tenant_id, known) if known else None
            if document is None:
                document = Document(self.tenant_id, new_id(), None, Status.PENDING, 0, 1, 0, None, now, now)
                await uow.documents.add(document)
                self.documents[number] = document.id
            await uow.documents.update(replace(document, next_submission=document.next_submission + 1))
            version = Version(
                tenant_id=self.tenant_id,
                id=version_id,
                document_id=document.id,
                submission=document.next_submission,
                epoch=document.epoch,
                status=Status.INDEXING,
                blob_key="",
                readers=(self.tenant_id,),
                classification="internal",
                sealed_source_uri=seal_text(key, Purpose.SOURCE_URI, f"file:///{number}"),
                sealed_title=seal_text(key, Purpose.TITLE, ""),
                sealed_metadata=seal_json(key, Purpose.METADATA, {}),
                created_at=now,
                updated_at=now,
                meta_fp="first",
                chunk_count=len(lines),
            )
            await uow.versions.add(version)
            chunks = [self._chunk(key, version, place, line) for place, line in enumerate(lines)]
            await uow.chunks.replace(self.tenant_id, version_id, chunks)
        await give_vectors(self.pipeline, await self.pipeline.serving_model(self.tenant_id), self.tenant_id, chunks)
        return version

    def _chunk(self, key: bytes, version: Version, ordinal: int, line: str) -> Chunk:
        return Chunk(
            tenant_id=self.tenant_id,
            id=chunk_id(version.id, ordinal),
            version_id=version.id,
            document_id=version.document_id,
            ordinal=ordinal,
            sealed_text=seal_text(key, Purpose.CHUNK_TEXT, line),
            sealed_section=seal_text(key, Purpose.CHUNK_SECTION, ""),
            text_hmac=f"digest of {line}",
            start=0,
            end=len(line),
            tokens=1,
            language="en",
        )

    async def delete(self, number: int) -> None:
        """From here on nobody reads it; its rows go later (`remove`)."""
        document_id = self.documents.pop(number)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(self.tenant_id)
            document = await uow.documents.get(self.tenant_id, document_id)
            assert document
            await mark_deleted(uow, document, await uow.tenants.advance(self.tenant_id), self.pipeline.clock.now())

    async def is_live(self, number: int) -> bool:
        """Whether the document has a version that is served: others have no properties to change."""
        async with self.ledger.read() as uow:
            document = await uow.documents.get(self.tenant_id, self.documents.get(number, ""))
        return document is not None and document.live_version_id is not None

    async def change(self, number: int, reader: Id, topic: str) -> None:
        """Other readers and attributes; the index is told as its workflow does."""
        document_id = self.documents[number]
        async with self.ledger.read() as uow:
            document = await uow.documents.get(self.tenant_id, document_id)
            live = await uow.versions.get(self.tenant_id, (document and document.live_version_id) or "")
        assert live
        patch = MetadataPatch(readers=(reader,), metadata={"topic": topic})
        caller = Caller(self.tenant_id, new_id(), Role.ADMIN)
        await write_metadata(self.ledger, self.pipeline.keyring, self.pipeline.clock, Change(caller, live, patch))
        await apply_metadata(self.pipeline, DocumentRef(tenant_id=self.tenant_id, document_id=document_id))

    @property
    def remover(self) -> VersionRemover:
        return VersionRemover(self.ledger, self.pipeline.blobs, self.pipeline.keyring, self.index, self.keywords)

    async def remove(self) -> None:
        """What no question reads any more, from every store."""
        async with self.ledger.read() as uow:
            deleted = await uow.selections.deleted_after(self.tenant_id, None, 100)
            ids = [version.id for version in await uow.versions.changed_after(self.tenant_id, 0, 1_000)]
        await self.remover.remove_many(self.tenant_id, ids)
        await self.remover.remove_deleted(self.tenant_id, deleted, self.pipeline.clock.now())

    async def close(self) -> None:
        for store in (self.index, self.keywords, self.ledger):
            await store.close()
