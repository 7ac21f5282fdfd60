"""Audits, and the ledger's side of what they compare."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, case, func, insert, null, select, tuple_, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, delete_of, insert_missing, one_of
from lethe.adapters.sql.tables import audit_counts as found_rows
from lethe.adapters.sql.tables import audits, chunks, documents
from lethe.adapters.sql.tables import document_versions as versions
from lethe.model.audits import Audit, AuditCount, AuditState, ChunkStanding
from lethe.model.ids import Id
from lethe.ports.ledger import PageCursor

AUDIT: Final = Mapped(Audit, audits)
COUNT: Final = Mapped(AuditCount, found_rows)

_served: Final = and_(
    versions.c.live_from.is_not(None),
    versions.c.live_until.is_(None),
    documents.c.deleted_at.is_(None),
    documents.c.fenced_at.is_(None),
)


class SqlAudits(SqlRepository):
    async def add(self, audit: Audit) -> None:
        await insert_missing(self._connection, audits, [AUDIT.values(audit)])

    async def get(self, tenant_id: Id, audit_id: Id) -> Audit | None:
        return await AUDIT.one(self._connection, AUDIT.of(tenant_id, audits.c.id == audit_id))

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[Audit]:
        return await AUDIT.all(self._connection, page_of(AUDIT.of(tenant_id), audits, after, limit))

    async def counts(self, tenant_id: Id, audit_ids: Collection[Id]) -> list[AuditCount]:
        wanted = COUNT.of(tenant_id, one_of(found_rows.c.audit_id, audit_ids))
        return await COUNT.all(
            self._connection, wanted.order_by(found_rows.c.audit_id, found_rows.c.store, found_rows.c.build_id)
        )

    async def finish(self, tenant_id: Id, audit_id: Id, counts: Sequence[AuditCount], at: datetime) -> None:
        await self._connection.execute(delete_of(found_rows, tenant_id, found_rows.c.audit_id == audit_id))
        if counts:
            await self._connection.execute(insert(found_rows), [COUNT.values(count) for count in counts])
        await self._connection.execute(
            update(audits)
            .where(audits.c.tenant_id == tenant_id, audits.c.id == audit_id)
            .values(state=AuditState.DONE, ended_at=at)
        )

    async def latest_done(self) -> list[Audit]:
        newest = (
            select(audits.c.tenant_id, func.max(audits.c.ended_at).label("ended_at"))
            .where(audits.c.state == AuditState.DONE)
            .group_by(audits.c.tenant_id)
            .subquery()
        )
        same = and_(newest.c.tenant_id == audits.c.tenant_id, newest.c.ended_at == audits.c.ended_at)
        return await AUDIT.all(self._connection, AUDIT.select().join(newest, same).order_by(audits.c.tenant_id))

    async def expire(self, created_before: datetime, limit: int) -> int:
        old = select(audits.c.tenant_id, audits.c.id).where(audits.c.created_at < created_before).limit(limit)
        keys = [(row[0], row[1]) for row in await self._connection.execute(old)]
        for tenant_id, audit_id in keys:
            await self._connection.execute(delete_of(audits, tenant_id, audits.c.id == audit_id))
        return len(keys)

    async def chunks_after(self, tenant_id: Id, after: Id | None, limit: int) -> list[ChunkStanding]:
        statement = _standing(tenant_id).order_by(chunks.c.id).limit(limit)
        if after is not None:
            # With the tenant in the comparison, both engines walk the primary key.
            statement = statement.where(tuple_(chunks.c.tenant_id, chunks.c.id) > (tenant_id, after))
        return [ChunkStanding(*row) for row in await self._connection.execute(statement)]

    async def chunks(self, tenant_id: Id, chunk_ids: Collection[Id]) -> dict[Id, ChunkStanding]:
        statement = _standing(tenant_id).where(one_of(chunks.c.id, chunk_ids))
        found = [ChunkStanding(*row) for row in await self._connection.execute(statement)]
        return {standing.chunk_id: standing for standing in found}

    async def served_versions_after(self, tenant_id: Id, after: Id | None, limit: int) -> list[Id]:
        statement = select(versions.c.id).join(documents, _document).where(versions.c.tenant_id == tenant_id, _served)
        if after is not None:
            statement = statement.where(versions.c.id > after)
        return list((await self._connection.execute(statement.order_by(versions.c.id).limit(limit))).scalars())


_document: Final = and_(documents.c.tenant_id == versions.c.tenant_id, documents.c.id == versions.c.document_id)


def _standing(tenant_id: Id) -> Select[*tuple[Any, ...]]:
    of_chunk = and_(versions.c.tenant_id == chunks.c.tenant_id, versions.c.id == chunks.c.version_id)
    live_from = case((_served, versions.c.live_from), else_=null())
    return (
        select(chunks.c.id, chunks.c.version_id, versions.c.meta_fp, live_from)
        .join_from(chunks, versions, of_chunk)
        .join(documents, _document)
        .where(chunks.c.tenant_id == tenant_id)
    )
