"""Rows for ledger tests: each maker fills what a test does not care about."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lethe.errors import FailureClass
from lethe.model.answers import Answer, AnswerMode, Citation, DegradedReason, Provenance, Question, QuestionState
from lethe.model.documents import Chunk, ChunkVector, Document, Status, Version
from lethe.model.ids import Id, chunk_id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.model.operations import DeadLetter, DeadLetterState, Dispatch, DispatchKind, IdempotencyRecord
from lethe.model.principals import Tenant
from lethe.ports.ledger import Ledger, UnitOfWork

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


async def add_tenant(ledger: Ledger, seq: int = 0) -> Id:
    tenant_id = new_id()
    async with ledger.write() as unit:
        await unit.tenants.add(Tenant(tenant_id, "tenant", seq, NOON))
    return tenant_id


def document(tenant_id: Id, **fields: Any) -> Document:
    base = Document(
        tenant_id=tenant_id,
        id=new_id(),
        source_hmac=None,
        status=Status.PENDING,
        epoch=0,
        next_submission=1,
        live_submission=0,
        live_version_id=None,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(base, **fields)


def version(of: Document, **fields: Any) -> Version:
    base = Version(
        tenant_id=of.tenant_id,
        id=new_id(),
        document_id=of.id,
        submission=1,
        epoch=0,
        status=Status.READY,
        blob_key="blob",
        readers=(of.tenant_id,),
        classification="internal",
        sealed_source_uri=b"uri",
        sealed_title=b"title",
        sealed_metadata=b"metadata",
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(base, **fields)


def chunks(of: Version, count: int, *, same_text: bool = False) -> list[Chunk]:
    return [
        Chunk(
            tenant_id=of.tenant_id,
            id=chunk_id(of.id, ordinal),
            version_id=of.id,
            document_id=of.document_id,
            ordinal=ordinal,
            sealed_text=b"text",
            sealed_section=b"section",
            text_hmac="same" if same_text else f"text-{of.id}-{ordinal}",
            start=10 * ordinal,
            end=10 * ordinal + 10,
            tokens=3,
            language="en",
            page=None if ordinal % 2 else ordinal + 1,
        )
        for ordinal in range(count)
    ]


def vectors(of: Iterable[Chunk], spec: str = "spec", sealed: bytes = b"vector") -> list[ChunkVector]:
    return [ChunkVector(chunk.tenant_id, chunk.id, chunk.version_id, spec, chunk.text_hmac, sealed) for chunk in of]


async def add_document(
    unit: UnitOfWork, tenant_id: Id, *, readers: Sequence[Id] = (), count: int = 0, **fields: Any
) -> tuple[Document, Version, list[Chunk]]:
    """A document with one version, live from 1 unless the fields say otherwise, readable by the tenant by default."""
    own = {name: fields.pop(name) for name in list(fields) if name in Document.__dataclass_fields__}
    parent = document(tenant_id, **own)
    child = version(parent, **{"live_from": 1} | fields)
    await unit.documents.add(parent)
    await unit.documents.set_readers(tenant_id, parent.id, readers or [tenant_id])
    await unit.versions.add(child)
    texts = chunks(child, count)
    await unit.chunks.replace(tenant_id, child.id, texts)
    return parent, child, texts


def build(tenant_id: Id, number: int = 1, **fields: Any) -> IndexBuild:
    base = IndexBuild(tenant_id, new_id(), BuildKind.VECTOR, "spec", number, "Collection", BuildState.ACTIVE, 0, NOON)
    return replace(base, **fields)


def letter(of: Version, **fields: Any) -> DeadLetter:
    base = DeadLetter(
        tenant_id=of.tenant_id,
        id=new_id(),
        document_id=of.document_id,
        version_id=of.id,
        workflow_id=f"ingest-document/{of.tenant_id}/{of.id}",
        step="parse",
        code="corrupt_document",
        failure_class=FailureClass.PERMANENT,
        attempts=1,
        input_hmac="input",
        sealed_detail=b"detail",
        state=DeadLetterState.OPEN,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(base, **fields)


def dispatch(tenant_id: Id, **fields: Any) -> Dispatch:
    ref = new_id()
    base = Dispatch(tenant_id, f"ingest-document/{tenant_id}/{ref}", DispatchKind.INGEST_DOCUMENT, ref, NOON)
    return replace(base, **fields)


def question(tenant_id: Id, **fields: Any) -> Question:
    base = Question(tenant_id, new_id(), new_id(), (tenant_id, new_id()), b"request", QuestionState.ASKED, 3, NOON)
    return replace(base, **fields)


def answer(of: Question, citations: Sequence[Citation] = (), **fields: Any) -> Answer:
    base = Answer(
        tenant_id=of.tenant_id,
        question_id=of.id,
        mode=AnswerMode.EXTRACTIVE,
        sealed_body=b"body",
        citations=tuple(citations),
        is_degraded=True,
        degraded_reasons=(DegradedReason.INDEX_LAGGING,),
        provenance=Provenance(new_id(), of.seq, "spec", "local", "extractive", timings_ms={"search": 1.5}),
        is_final=False,
        created_at=NOON,
    )
    return replace(base, **fields)


def citation(number: int, of: Chunk) -> Citation:
    return Citation(number, of.id, of.version_id, of.document_id, of.text_hmac, 0.25 * number)


def record(tenant_id: Id, **fields: Any) -> IdempotencyRecord:
    base = IdempotencyRecord(tenant_id, new_id(), "key", "request", 0, b"", new_id(), NOON, NOON)
    return replace(base, **fields)
