"""Documents planted straight into ledger, key ring and index, in any state: what searches are tested on."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.indexing.objects import index_object
from lethe.model.documents import Chunk, Document, Status, Version
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import KEYWORD_SPEC, BuildKind, BuildState, IndexBuild, collection_name
from lethe.model.principals import Tenant
from lethe.ports.breakers import Breakers
from lethe.ports.embedding import Embedder, InputKind
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.search import AttributeFilter, SearchRequest
from lethe.ports.vectors import VectorIndex
from lethe.privacy.sealing import Purpose, seal_json, seal_text
from lethe.retrieval.ladder import KeywordRung
from lethe.retrieval.search import Search
from lethe.settings import RetrievalSettings

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = 100
"""The seq at which questions of these tests read."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A document as it was planted."""

    document: Document
    version: Version
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One tenant's documents, over any ports."""

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    embedder: Embedder
    build: IndexBuild
    keywords: InMemoryKeywordIndex
    keyword_build: IndexBuild

    @classmethod
    async def make(cls, ledger: Ledger, keyring: KeyRing, index: VectorIndex, embedder: Embedder) -> "Corpus":
        """A new tenant with empty active builds."""
        tenant_id, spec = new_id(), embedder.spec.key
        build = IndexBuild(
            tenant_id, new_id(), BuildKind.VECTOR, spec, 1, collection_name(spec), BuildState.ACTIVE, NOW, NOON
        )
        keyword_build = replace(build, id=new_id(), kind=BuildKind.KEYWORD, spec=KEYWORD_SPEC)
        keywords = InMemoryKeywordIndex()
        await keyring.create_tenant(tenant_id)
        async with ledger.write() as uow:
            await uow.tenants.add(Tenant(tenant_id, f"tenant {tenant_id}", NOW, NOON))
            await uow.builds.add(build)
            await uow.builds.add(keyword_build)
        await index.create_build(build, embedder.spec.dims)
        await keywords.create_build(keyword_build)
        return cls(ledger, keyring, index, embedder, build, keywords, keyword_build)

    @property
    def tenant_id(self) -> Id:
        return self.build.tenant_id

    def search(self, breakers: Breakers | None = None, **settings: Any) -> Search:
        words = KeywordRung(self.ledger, self.keywords, breakers)
        return Search(self.ledger, self.keyring, self.index, self.embedder, RetrievalSettings(**settings), words)

    def request(
        self,
        text: str,
        top_k: int = 5,
        *,
        alpha: float = 0.5,
        readers: Collection[Id] = (),
        seq: int = NOW,
        attributes: AttributeFilter = None,
    ) -> SearchRequest:
        who = frozenset(readers or [self.tenant_id])
        return SearchRequest(self.tenant_id, who, seq, text, top_k, alpha, attributes)

    async def plant(self, *texts: str, **fields: Any) -> Planted:
        """One live document with these chunks, readable by the tenant unless the fields say otherwise."""
        return (await self.plant_many([texts], **fields))[0]

    async def plant_many(self, documents: Sequence[Sequence[str]], **fields: Any) -> list[Planted]:
        """Documents of these chunks each. ``fields``: of documents and versions; also index_readers, title,
        section, source_uri, metadata.
        """
        planted = [await self._rows(texts, fields) for texts in documents]
        async with self.ledger.write() as uow:
            for one in planted:
                await uow.documents.add(one.document)
                await uow.documents.set_readers(self.tenant_id, one.document.id, one.version.readers)
                await uow.versions.add(one.version)
                await uow.chunks.replace(self.tenant_id, one.version.id, one.chunks)
        texts = [text for document in documents for text in document]
        vectors = iter(await self.embedder.embed(texts, InputKind.DOCUMENT))
        objects = [
            replace(
                index_object(await self.keyring.get(self.tenant_id, one.version.id), one.version, chunk, next(vectors)),
                readers=tuple(fields.get("index_readers", one.version.readers)),
            )
            for one in planted
            for chunk in one.chunks
        ]
        await self.index.upsert(self.build, objects)
        await self.keywords.write(self.keyword_build, objects)
        return planted

    async def change(self, planted: Planted, **fields: Any) -> None:
        """Change the document's row in place; ``readers`` too, without telling the index."""
        readers = fields.pop("readers", None)
        async with self.ledger.write() as uow:
            document = await uow.documents.get(self.tenant_id, planted.document.id)
            assert document is not None
            await uow.documents.update(replace(document, **fields))
            if readers is not None:
                await uow.documents.set_readers(self.tenant_id, document.id, readers)

    async def _rows(self, texts: Sequence[str], fields: Mapping[str, Any]) -> Planted:
        version_id = new_id()
        key = await self.keyring.create(self.tenant_id, version_id)
        own = {name: value for name, value in fields.items() if name in Document.__dataclass_fields__}
        document = Document(
            tenant_id=self.tenant_id,
            id=new_id(),
            source_hmac=None,
            status=Status.READY,
            epoch=0,
            next_submission=2,
            live_submission=1,
            live_version_id=version_id,
            created_at=NOON,
            updated_at=NOON,
        )
        version = Version(
            tenant_id=self.tenant_id,
            id=version_id,
            document_id=document.id,
            submission=1,
            epoch=0,
            status=Status.READY,
            blob_key="blob",
            readers=tuple(fields.get("readers", (self.tenant_id,))),
            classification="internal",
            sealed_source_uri=seal_text(key, Purpose.SOURCE_URI, fields.get("source_uri", f"test:{document.id}")),
            sealed_title=seal_text(key, Purpose.TITLE, fields.get("title", "")),
            sealed_metadata=seal_json(key, Purpose.METADATA, fields.get("metadata", {})),
            created_at=NOON,
            updated_at=NOON,
            chunk_count=len(texts),
            live_from=fields.get("live_from", 1),
            live_until=fields.get("live_until"),
        )
        chunks = tuple(
            Chunk(
                tenant_id=self.tenant_id,
                id=chunk_id(version_id, ordinal),
                version_id=version_id,
                document_id=document.id,
                ordinal=ordinal,
                sealed_text=seal_text(key, Purpose.CHUNK_TEXT, text),
                sealed_section=seal_text(key, Purpose.CHUNK_SECTION, fields.get("section", "")),
                text_hmac=hashlib.sha256(text.encode()).hexdigest(),
                start=1_000 * ordinal,
                end=1_000 * ordinal + len(text),
                tokens=len(text.split()),
                language=fields.get("language", "en"),
                page=fields.get("page"),
            )
            for ordinal, text in enumerate(texts)
        )
        return Planted(replace(document, **own), version, chunks)
