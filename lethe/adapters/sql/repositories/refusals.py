"""Texts that embedding models refused for good."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, select

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.chunks import document_of_version, is_served, version_of_chunk
from lethe.adapters.sql.rows import delete_of, one_of, upsert_into
from lethe.adapters.sql.tables import chunks, documents
from lethe.adapters.sql.tables import document_versions as versions
from lethe.adapters.sql.tables import embedding_refusals as refusals
from lethe.adapters.sql.types import UtcDateTime
from lethe.model.documents import EmbeddingRefusals
from lethe.model.ids import Id


class SqlRefusals(SqlRepository):
    async def add(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id], code: str, at: datetime) -> None:
        there = select(chunks.c.tenant_id, chunks.c.id, literal(spec), literal(code), literal(at, UtcDateTime())).where(
            chunks.c.tenant_id == tenant_id, one_of(chunks.c.id, chunk_ids)
        )
        columns = ["tenant_id", "chunk_id", "spec", "code", "created_at"]
        statement = upsert_into(self._connection, refusals).from_select(columns, there).on_conflict_do_nothing()
        await self._connection.execute(statement)

    async def forget(self, tenant_id: Id, spec: str) -> None:
        await self._connection.execute(delete_of(refusals, tenant_id, refusals.c.spec == spec))

    async def among(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> frozenset[Id]:
        found = _served(select(chunks.c.id), tenant_id, spec).where(one_of(chunks.c.id, chunk_ids))
        return frozenset((await self._connection.execute(found)).scalars())

    async def forget_some(self, tenant_id: Id, spec: str, chunk_ids: Collection[Id]) -> None:
        of_these = (refusals.c.spec == spec, one_of(refusals.c.chunk_id, chunk_ids))
        await self._connection.execute(delete_of(refusals, tenant_id, *of_these))

    async def told(self, tenant_id: Id, spec: str, limit: int) -> EmbeddingRefusals:
        counted = _served(select(func.count()), tenant_id, spec)
        count = int((await self._connection.execute(counted)).scalar_one())
        named = _served(select(documents.c.id).distinct(), tenant_id, spec).order_by(documents.c.id).limit(limit)
        return EmbeddingRefusals(count, tuple((await self._connection.execute(named)).scalars()))


def _served(statement: Select[*tuple[Any, ...]], tenant_id: Id, spec: str) -> Select[*tuple[Any, ...]]:
    own = (refusals.c.tenant_id == chunks.c.tenant_id) & (refusals.c.chunk_id == chunks.c.id)
    joined = statement.join_from(refusals, chunks, own).join(versions, version_of_chunk)
    found = joined.join(documents, document_of_version)
    return found.where(refusals.c.tenant_id == tenant_id, refusals.c.spec == spec, is_served())
