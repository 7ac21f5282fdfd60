"""People that versions are linked to."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, tuple_

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import delete_of, insert_missing, one_of
from lethe.adapters.sql.tables import document_versions as versions
from lethe.adapters.sql.tables import documents, subjects
from lethe.adapters.sql.tables import subject_identifiers as identifiers
from lethe.adapters.sql.tables import subject_links as links
from lethe.model.ids import Id

_version_of_link: Final = and_(versions.c.tenant_id == links.c.tenant_id, versions.c.id == links.c.version_id)
_document_of_version: Final = and_(
    documents.c.tenant_id == versions.c.tenant_id, documents.c.id == versions.c.document_id
)


class SqlSubjects(SqlRepository):
    async def by_blind(self, tenant_id: Id, kind: str, blind: str) -> Id | None:
        statement = select(identifiers.c.subject_id).where(
            identifiers.c.tenant_id == tenant_id, identifiers.c.kind == kind, identifiers.c.blind == blind
        )
        return (await self._connection.execute(statement)).scalar_one_or_none()

    async def by_blinds(self, tenant_id: Id, pairs: Collection[tuple[str, str]]) -> frozenset[Id]:
        wanted = tuple_(identifiers.c.kind, identifiers.c.blind).in_(sorted(pairs))
        statement = select(identifiers.c.subject_id).where(identifiers.c.tenant_id == tenant_id, wanted)
        return frozenset((await self._connection.execute(statement)).scalars())

    async def versions_of(self, tenant_id: Id, subject_ids: Collection[Id]) -> list[Id]:
        statement = select(links.c.version_id).distinct()
        statement = statement.where(links.c.tenant_id == tenant_id, one_of(links.c.subject_id, subject_ids))
        return list((await self._connection.execute(statement.order_by(links.c.version_id))).scalars())

    async def documents_of(self, tenant_id: Id, subject_ids: Collection[Id]) -> dict[Id, bool]:
        linked = (
            select(versions.c.document_id)
            .join_from(links, versions, _version_of_link)
            .where(links.c.tenant_id == tenant_id, one_of(links.c.subject_id, subject_ids))
        )
        is_read = or_(documents.c.live_version_id.is_(None), documents.c.live_version_id == versions.c.id)
        own = func.sum(case((and_(is_read, one_of(links.c.subject_id, subject_ids)), 1), else_=0))
        all_ = func.sum(case((is_read, 1), else_=0))
        statement = (
            select(versions.c.document_id, own, all_)
            .join_from(links, versions, _version_of_link)
            .join(documents, _document_of_version)
            .where(links.c.tenant_id == tenant_id, versions.c.document_id.in_(linked))
            .group_by(versions.c.document_id)
        )
        rows = await self._connection.execute(statement)
        return {document_id: 0 < int(own) == int(all_) for document_id, own, all_ in rows}

    async def link(
        self,
        tenant_id: Id,
        version_id: Id,
        kind: str,
        blind: str,
        sealed_identifier: bytes,
        subject_id: Id,
        at: datetime,
    ) -> Id:
        owner = await self.by_blind(tenant_id, kind, blind)
        if owner is None:
            owner = await self._add(tenant_id, kind, blind, sealed_identifier, subject_id, at)
        link = {"tenant_id": tenant_id, "version_id": version_id, "subject_id": owner}
        await insert_missing(self._connection, links, [link])
        return owner

    async def share(self, tenant_id: Id, version_id: Id, others: Collection[Id]) -> None:
        linked = await self.of_version(tenant_id, version_id)
        pairs = [
            {"tenant_id": tenant_id, "version_id": other, "subject_id": subject}
            for other in others
            for subject in linked
        ]
        await insert_missing(self._connection, links, pairs)

    async def leave(self, tenant_id: Id, version_ids: Collection[Id]) -> list[Id]:
        own = one_of(links.c.version_id, version_ids)
        linked = await self._linked(tenant_id, own)
        shared = await self._linked(tenant_id, ~own, one_of(links.c.subject_id, linked))
        await self._connection.execute(delete_of(links, tenant_id, own, one_of(links.c.subject_id, shared)))
        ending = sorted(linked - shared)
        await self._connection.execute(delete_of(identifiers, tenant_id, one_of(identifiers.c.subject_id, ending)))
        return ending

    async def _linked(self, tenant_id: Id, *which: ColumnElement[bool]) -> set[Id]:
        statement = select(links.c.subject_id).distinct().where(links.c.tenant_id == tenant_id, *which)
        return set((await self._connection.execute(statement)).scalars())

    async def unlink(self, tenant_id: Id, version_id: Id) -> None:
        linked = await self.of_version(tenant_id, version_id)
        await self._connection.execute(delete_of(links, tenant_id, links.c.version_id == version_id))
        still = exists().where(and_(links.c.tenant_id == tenant_id, links.c.subject_id == subjects.c.id))
        await self._connection.execute(delete_of(subjects, tenant_id, one_of(subjects.c.id, linked), ~still))

    async def of_version(self, tenant_id: Id, version_id: Id) -> list[Id]:
        statement = select(links.c.subject_id).where(links.c.tenant_id == tenant_id, links.c.version_id == version_id)
        return list((await self._connection.execute(statement.order_by(links.c.subject_id))).scalars())

    async def _add(
        self, tenant_id: Id, kind: str, blind: str, sealed_identifier: bytes, subject_id: Id, at: datetime
    ) -> Id:
        """Two uploads may name the same new person at once: the identifier's key decides whose subject stays."""
        subject = {"tenant_id": tenant_id, "id": subject_id, "created_at": at}
        identifier = {
            "tenant_id": tenant_id,
            "kind": kind,
            "blind": blind,
            "subject_id": subject_id,
            "sealed_identifier": sealed_identifier,
        }
        await insert_missing(self._connection, subjects, [subject])
        await insert_missing(self._connection, identifiers, [identifier])
        owner = await self.by_blind(tenant_id, kind, blind)
        if owner is None or owner == subject_id:
            return subject_id
        await self._connection.execute(delete_of(subjects, tenant_id, subjects.c.id == subject_id))
        return owner
