"""Chunks, the gate every hit passes, and the embedding cache."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, exists, func, insert, or_, select

from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.quarantines import is_hidden
from lethe.adapters.sql.repositories.versions import VERSION
from lethe.adapters.sql.rows import Mapped, delete_of, one_of, upsert_into
from lethe.adapters.sql.tables import chunk_vectors as vectors
from lethe.adapters.sql.tables import chunks, document_readers, documents
from lethe.adapters.sql.tables import document_versions as versions
from lethe.adapters.sql.tables import embedding_refusals as refusals
from lethe.model.documents import Chunk, ChunkVector, EmbeddingNeed, Status, Version
from lethe.model.ids import Id
from lethe.ports.ledger import GateRow

CHUNK: Final = Mapped(Chunk, chunks)
VECTOR: Final = Mapped(ChunkVector, vectors)

version_of_chunk: Final = and_(versions.c.tenant_id == chunks.c.tenant_id, versions.c.id == chunks.c.version_id)
document_of_version: Final = and_(
    documents.c.tenant_id == versions.c.tenant_id, documents.c.id == versions.c.document_id
)
version_of_vector: Final = and_(versions.c.tenant_id == vectors.c.tenant_id, versions.c.id == vectors.c.version_id)
_servable: Final = and_(
    documents.c.deleted_at.is_(None),
    documents.c.fenced_at.is_(None),
    documents.c.restricted_at.is_(None),
    documents.c.status != Status.QUARANTINED,
    versions.c.status != Status.QUARANTINED,
)


def passes_gate() -> ColumnElement[bool]:
    """Whether the row's version was live at the value ``seq`` and its document may be read by ``readers`` now."""
    seq = bindparam("seq", type_=Integer())
    allowed = and_(
        document_readers.c.tenant_id == documents.c.tenant_id,
        document_readers.c.document_id == documents.c.id,
        document_readers.c.reader_id.in_(bindparam("readers", expanding=True)),
    )
    return and_(
        versions.c.live_from <= seq,
        or_(versions.c.live_until.is_(None), versions.c.live_until > seq),
        _servable,
        ~is_hidden(),
        exists().where(allowed),
    )


def is_served() -> ColumnElement[bool]:
    """Whether the row's version is the one that questions find now, whoever asks."""
    return and_(versions.c.live_from.is_not(None), versions.c.live_until.is_(None), _servable, ~is_hidden())


_GATE: Final = (
    select(*CHUNK.columns, *VERSION.columns)
    .join_from(chunks, versions, version_of_chunk)
    .join(documents, document_of_version)
    .where(
        chunks.c.tenant_id == bindparam("tenant_id"),
        chunks.c.id.in_(bindparam("chunk_ids", expanding=True)),
        passes_gate(),
    )
)
"""One statement, joined by primary keys, because a question waits for it."""
_GATE_OF_FEW: Final = short(_GATE)
_FEW: Final = 100
"""As many as a question's first page has by default."""


class SqlChunks(SqlRepository):
    async def replace(self, tenant_id: Id, version_id: Id, chunks: Sequence[Chunk]) -> None:
        await self.delete(tenant_id, version_id)
        if chunks:
            await self._connection.execute(insert(CHUNK.table), [CHUNK.values(chunk) for chunk in chunks])

    async def get(self, tenant_id: Id, chunk_id: Id) -> Chunk | None:
        return await CHUNK.one(self._connection, CHUNK.of(tenant_id, chunks.c.id == chunk_id))

    async def of_version(self, tenant_id: Id, version_id: Id, start: int = 0, stop: int | None = None) -> list[Chunk]:
        wanted = CHUNK.of(tenant_id, chunks.c.version_id == version_id, _within(start, stop))
        return await CHUNK.all(self._connection, wanted.order_by(chunks.c.ordinal))

    async def replace_many(self, tenant_id: Id, chunks: Mapping[Id, Sequence[Chunk]]) -> None:
        of_these = one_of(CHUNK.table.c.version_id, chunks)
        await self._connection.execute(delete_of(CHUNK.table, tenant_id, of_these))
        rows = [CHUNK.values(chunk) for each in chunks.values() for chunk in each]
        if rows:
            await self._connection.execute(insert(CHUNK.table), rows)

    async def of_versions(self, tenant_id: Id, version_ids: Collection[Id], start: int, stop: int) -> list[Chunk]:
        wanted = CHUNK.of(tenant_id, one_of(chunks.c.version_id, version_ids), _within(start, stop))
        return await CHUNK.all(self._connection, wanted.order_by(chunks.c.version_id, chunks.c.ordinal))

    async def some(self, tenant_id: Id, chunk_ids: Collection[Id]) -> list[Chunk]:
        return await CHUNK.all(self._connection, CHUNK.of(tenant_id, one_of(chunks.c.id, chunk_ids)))

    async def served(self, tenant_id: Id, chunk_ids: Collection[Id]) -> list[Chunk]:
        wanted = CHUNK.of(tenant_id, one_of(chunks.c.id, chunk_ids), is_served())
        joined = wanted.join(versions, version_of_chunk).join(documents, document_of_version)
        return await CHUNK.all(self._connection, joined)

    async def to_embed(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> frozenset[Id]:
        of_chunk = and_(refusals.c.tenant_id == chunks.c.tenant_id, refusals.c.chunk_id == chunks.c.id)
        is_refused = exists().where(of_chunk, refusals.c.spec == spec)
        wanted = select(chunks.c.id).join_from(chunks, versions, version_of_chunk).join(documents, document_of_version)
        own = wanted.where(chunks.c.tenant_id == tenant_id, one_of(chunks.c.id, chunk_ids), is_served(), ~is_refused)
        return frozenset((await self._connection.execute(own)).scalars())

    async def vectors_by_id(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> dict[Id, ChunkVector]:
        wanted = VECTOR.of(tenant_id, one_of(vectors.c.chunk_id, chunk_ids), vectors.c.spec == spec)
        return {vector.chunk_id: vector for vector in await VECTOR.all(self._connection, wanted)}

    async def gate(
        self, tenant_id: Id, chunk_ids: Collection[Id], seq: int, readers: frozenset[Id]
    ) -> dict[Id, GateRow]:
        if not chunk_ids or not readers:
            return {}
        asked = {"tenant_id": tenant_id, "chunk_ids": sorted(chunk_ids), "seq": seq, "readers": sorted(readers)}
        split = len(CHUNK.columns)
        seen: dict[Id, Version] = {}
        passed: dict[Id, GateRow] = {}
        statement = _GATE_OF_FEW if len(chunk_ids) <= _FEW else _GATE
        for row in await self._connection.execute(statement, asked):
            chunk = CHUNK.entity(row[:split])
            if chunk.version_id not in seen:
                seen[chunk.version_id] = VERSION.entity(row[split:])
            passed[chunk.id] = GateRow(chunk, seen[chunk.version_id])
        return passed

    async def count(self, tenant_id: Id, version_id: Id) -> int:
        statement = select(func.count()).select_from(chunks)
        statement = statement.where(chunks.c.tenant_id == tenant_id, chunks.c.version_id == version_id)
        return int((await self._connection.execute(statement)).scalar_one())

    async def delete(self, tenant_id: Id, version_id: Id) -> int:
        """Vectors go with their chunks, by the schema."""
        result = await self._connection.execute(delete_of(chunks, tenant_id, chunks.c.version_id == version_id))
        return result.rowcount

    async def put_vectors(self, vectors: Sequence[ChunkVector]) -> None:
        if not vectors:
            return
        statement = upsert_into(self._connection, VECTOR.table)
        statement = statement.on_conflict_do_update(
            index_elements=["tenant_id", "chunk_id", "spec"],
            set_={name: statement.excluded[name] for name in ("version_id", "text_hmac", "sealed_vector")},
        )
        await self._connection.execute(statement, [VECTOR.values(vector) for vector in vectors])

    async def forget_vectors(self, tenant_id: Id, spec: str, after: Id | None, limit: int) -> Id | None:
        wanted = select(vectors.c.chunk_id).where(vectors.c.tenant_id == tenant_id, vectors.c.spec == spec)
        if after is not None:
            wanted = wanted.where(vectors.c.chunk_id > after)
        ids = list((await self._connection.execute(wanted.order_by(vectors.c.chunk_id).limit(limit))).scalars())
        own = (vectors.c.spec == spec, one_of(vectors.c.chunk_id, ids))
        await self._connection.execute(delete_of(vectors, tenant_id, *own))
        return ids[-1] if len(ids) == limit else None

    async def vectors(
        self, tenant_id: Id, version_id: Id, spec: str, start: int = 0, stop: int | None = None
    ) -> dict[Id, ChunkVector]:
        own = and_(chunks.c.tenant_id == vectors.c.tenant_id, chunks.c.id == vectors.c.chunk_id)
        wanted = and_(chunks.c.version_id == version_id, vectors.c.spec == spec, _within(start, stop))
        return {
            vector.chunk_id: vector
            for vector in await VECTOR.all(self._connection, VECTOR.of(tenant_id, wanted).join(chunks, own))
        }

    async def vectors_of(
        self, tenant_id: Id, version_ids: Collection[Id], spec: str, start: int, stop: int
    ) -> dict[Id, ChunkVector]:
        own = and_(chunks.c.tenant_id == vectors.c.tenant_id, chunks.c.id == vectors.c.chunk_id)
        of_these = and_(one_of(chunks.c.version_id, version_ids), vectors.c.spec == spec, _within(start, stop))
        statement = VECTOR.of(tenant_id, of_these).join(chunks, own)
        return {vector.chunk_id: vector for vector in await VECTOR.all(self._connection, statement)}

    async def need(self, tenant_id: Id, spec: str) -> EmbeddingNeed:
        of_chunk = and_(vectors.c.tenant_id == chunks.c.tenant_id, vectors.c.chunk_id == chunks.c.id)
        is_missing = ~exists().where(of_chunk, vectors.c.spec == spec)
        counted = (
            select(
                func.count(),
                func.sum(case((is_missing, 1), else_=0)),
                func.sum(case((is_missing, chunks.c.tokens), else_=0)),
            )
            .select_from(chunks)
            .join(versions, version_of_chunk)
            .join(documents, document_of_version)
            .where(
                chunks.c.tenant_id == tenant_id,
                is_served(),
            )
        )
        row = (await self._connection.execute(counted)).one()
        return EmbeddingNeed(*(int(value or 0) for value in row))

    async def known_vectors(self, tenant_id: Id, spec: str, text_hmacs: Collection[str]) -> dict[str, ChunkVector]:
        """Of versions that are live or on their way, of documents that are served: their keys still exist."""
        if not text_hmacs:
            return {}
        found = await VECTOR.all(self._connection, _first_per_text(tenant_id, spec, text_hmacs))
        return {vector.text_hmac: vector for vector in found}


def _within(start: int, stop: int | None) -> ColumnElement[bool]:
    after = chunks.c.ordinal >= start
    return after if stop is None else and_(after, chunks.c.ordinal < stop)


def _first_per_text(tenant_id: Id, spec: str, text_hmacs: Collection[str]) -> Select[*tuple[Any, ...]]:
    """A text that stands in a thousand documents is read once."""
    place = func.row_number().over(partition_by=vectors.c.text_hmac, order_by=vectors.c.chunk_id).label("place")
    ranked = (
        select(*VECTOR.columns, place)
        .join_from(vectors, versions, version_of_vector)
        .join(documents, document_of_version)
        .where(
            vectors.c.tenant_id == tenant_id,
            one_of(vectors.c.text_hmac, text_hmacs),
            vectors.c.spec == spec,
            versions.c.live_until.is_(None),
            versions.c.status != Status.DELETING,
            _servable,
        )
        .subquery()
    )
    return select(*[ranked.c[column.name] for column in VECTOR.columns]).where(ranked.c.place == 1)
