"""Versions of documents."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, insert, select, tuple_, update

from lethe.adapters.sql.one_hop import short_of
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.rows import Mapped, batches, delete_of, one_of, update_rows
from lethe.adapters.sql.tables import document_versions as versions
from lethe.errors import DocumentNotFound
from lethe.model.documents import Replaced, Status, Version
from lethe.model.ids import Id

VERSION: Final = Mapped(Version, versions)


class SqlVersions(SqlRepository):
    async def add(self, version: Version) -> None:
        await self._connection.execute(insert(versions).values(VERSION.values(version)))

    async def get(self, tenant_id: Id, version_id: Id) -> Version | None:
        return await VERSION.one(self._connection, VERSION.of(tenant_id, versions.c.id == version_id))

    async def get_many(self, tenant_id: Id, version_ids: Collection[Id]) -> dict[Id, Version]:
        found = dict[Id, Version]()
        for some in batches(version_ids):
            wanted = VERSION.of(tenant_id, one_of(versions.c.id, some))
            rows = await VERSION.all(self._connection, short_of(some, wanted))
            found.update({version.id: version for version in rows})
        return found

    async def update(self, version: Version) -> None:
        result = await self._connection.execute(
            update(versions)
            .where(versions.c.tenant_id == version.tenant_id, versions.c.id == version.id)
            .values(VERSION.values(version))
        )
        if result.rowcount == 0:
            raise DocumentNotFound

    async def update_many(self, versions: Sequence[Version]) -> None:
        await update_rows(self._connection, VERSION.table, [VERSION.values(version) for version in versions])

    async def of_documents(self, tenant_id: Id, document_ids: Collection[Id]) -> dict[Id, list[Version]]:
        found: dict[Id, list[Version]] = {document_id: [] for document_id in document_ids}
        for some in batches(document_ids):
            statement = VERSION.of(tenant_id, one_of(versions.c.document_id, some)).order_by(versions.c.submission)
            for version in await VERSION.all(self._connection, statement):
                found[version.document_id].append(version)
        return found

    async def of_document(self, tenant_id: Id, document_id: Id) -> list[Version]:
        statement = VERSION.of(tenant_id, versions.c.document_id == document_id).order_by(versions.c.submission)
        return await VERSION.all(self._connection, statement)

    async def newest_of(self, tenant_id: Id, document_ids: Collection[Id]) -> dict[Id, Version]:
        newest = (
            select(versions.c.document_id, func.max(versions.c.submission).label("submission"))
            .where(versions.c.tenant_id == tenant_id, one_of(versions.c.document_id, document_ids))
            .group_by(versions.c.document_id)
            .subquery()
        )
        same = (newest.c.document_id == versions.c.document_id) & (newest.c.submission == versions.c.submission)
        found = await VERSION.all(self._connection, VERSION.of(tenant_id).join(newest, same))
        return {version.document_id: version for version in found}

    async def stale_receiving(self, as_of: datetime, limit: int) -> list[Version]:
        statement = (
            VERSION.select()
            .where(versions.c.status == Status.RECEIVING, versions.c.created_at < as_of)
            .order_by(versions.c.created_at)
            .limit(limit)
        )
        return await VERSION.all(self._connection, statement)

    async def of_ingestion(
        self, tenant_id: Id, ingestion_id: Id, statuses: Collection[Status], after: int, limit: int
    ) -> list[Version]:
        wanted = VERSION.of(
            tenant_id,
            versions.c.ingestion_id == ingestion_id,
            versions.c.position > after,
            one_of(versions.c.status, statuses),
        )
        return await VERSION.all(self._connection, wanted.order_by(versions.c.position).limit(limit))

    async def left_by_archive(self, tenant_id: Id, ingestion_id: Id) -> list[Id]:
        statement = select(versions.c.id).where(
            versions.c.tenant_id == tenant_id,
            versions.c.ingestion_id == ingestion_id,
            versions.c.position.is_(None),
            versions.c.archive_entry.is_not(None),
        )
        return list((await self._connection.execute(statement.order_by(versions.c.id))).scalars())

    async def counts_of_ingestion(self, tenant_id: Id, ingestion_id: Id) -> dict[Status, int]:
        statement = (
            select(versions.c.status, func.count())
            .where(
                versions.c.tenant_id == tenant_id,
                versions.c.ingestion_id == ingestion_id,
                versions.c.position.is_not(None),
            )
            .group_by(versions.c.status)
        )
        return {row[0]: row[1] for row in await self._connection.execute(statement)}

    async def changed_after(self, tenant_id: Id, seq: int, limit: int) -> list[Version]:
        wanted = VERSION.of(tenant_id, versions.c.live_from.is_not(None), versions.c.changed_seq > seq)
        return await VERSION.all(self._connection, wanted.order_by(versions.c.changed_seq, versions.c.id).limit(limit))

    async def follow_again(self, tenant_id: Id, document_ids: Collection[Id], seq: int) -> list[Id]:
        touched = list[Id]()
        for some in batches(document_ids):
            live = and_(
                versions.c.tenant_id == tenant_id,
                one_of(versions.c.document_id, some),
                versions.c.live_from.is_not(None),
                versions.c.live_until.is_(None),
            )
            changed = update(versions).where(live).values(changed_seq=seq).returning(versions.c.id)
            touched += (await self._connection.execute(changed)).scalars()
        return touched

    async def replaced_before(
        self, tenant_id: Id, as_of: datetime, limit: int, after: Replaced | None = None
    ) -> list[Replaced]:
        order = versions.c.updated_at, versions.c.id
        statement = (
            select(*order)
            .where(
                versions.c.tenant_id == tenant_id,
                versions.c.live_until.is_not(None),
                versions.c.updated_at <= as_of,
            )
            .order_by(*order)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(tuple_(*order) > (after.at, after.version_id))
        return [Replaced(at, version_id) for at, version_id in await self._connection.execute(statement)]

    async def delete(self, tenant_id: Id, version_id: Id) -> None:
        await self._connection.execute(delete_of(versions, tenant_id, versions.c.id == version_id))
