"""Documents and who may read them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import and_, exists, insert, select, update

from lethe.adapters.sql.one_hop import short_of
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.repositories.quarantines import is_hidden
from lethe.adapters.sql.rows import Mapped, batches, delete_of, one_of, update_rows
from lethe.adapters.sql.tables import document_readers, documents, quarantines, source_items
from lethe.errors import DocumentNotFound
from lethe.model.documents import Document, Status
from lethe.model.ids import Id
from lethe.ports.ledger import PageCursor

DOCUMENT: Final = Mapped(Document, documents)


class SqlDocuments(SqlRepository):
    async def add(self, document: Document) -> None:
        await self._connection.execute(insert(documents).values(DOCUMENT.values(document)))

    async def get(self, tenant_id: Id, document_id: Id) -> Document | None:
        return await DOCUMENT.one(self._connection, DOCUMENT.of(tenant_id, documents.c.id == document_id))

    async def get_many(self, tenant_id: Id, document_ids: Collection[Id]) -> dict[Id, Document]:
        found = dict[Id, Document]()
        for some in batches(document_ids):
            wanted = DOCUMENT.of(tenant_id, one_of(documents.c.id, some))
            rows = await DOCUMENT.all(self._connection, short_of(some, wanted))
            found.update({document.id: document for document in rows})
        return found

    async def by_source(self, tenant_id: Id, source_hmac: str) -> Document | None:
        return await DOCUMENT.one(
            self._connection,
            DOCUMENT.of(tenant_id, documents.c.source_hmac == source_hmac, documents.c.deleted_at.is_(None)),
        )

    async def update(self, document: Document) -> None:
        result = await self._connection.execute(
            update(documents)
            .where(documents.c.tenant_id == document.tenant_id, documents.c.id == document.id)
            .values(DOCUMENT.values(document))
        )
        if result.rowcount == 0:
            raise DocumentNotFound

    async def update_many(self, documents: Sequence[Document]) -> None:
        await update_rows(self._connection, DOCUMENT.table, [DOCUMENT.values(document) for document in documents])

    async def page(
        self, tenant_id: Id, readers: frozenset[Id] | None, status: Status | None, after: PageCursor | None, limit: int
    ) -> list[Document]:
        statement = DOCUMENT.of(tenant_id, documents.c.deleted_at.is_(None), documents.c.fenced_at.is_(None))
        if status is Status.QUARANTINED:
            statement = statement.where(is_hidden())
        elif status is not None:
            statement = statement.where(documents.c.status == status, ~is_hidden())
        if readers is not None:
            statement = statement.where(~is_hidden(), documents.c.restricted_at.is_(None))
            allowed = and_(
                document_readers.c.tenant_id == documents.c.tenant_id,
                document_readers.c.document_id == documents.c.id,
                one_of(document_readers.c.reader_id, readers),
            )
            statement = statement.where(exists().where(allowed))
        return await DOCUMENT.all(self._connection, page_of(statement, documents, after, limit))

    async def readers(self, tenant_id: Id, document_ids: Collection[Id]) -> dict[Id, tuple[Id, ...]]:
        statement = (
            select(document_readers.c.document_id, document_readers.c.reader_id)
            .where(document_readers.c.tenant_id == tenant_id, one_of(document_readers.c.document_id, document_ids))
            .order_by(document_readers.c.reader_id)
        )
        found: defaultdict[Id, tuple[Id, ...]] = defaultdict(tuple)
        for document_id, reader_id in await self._connection.execute(statement):
            found[document_id] += (reader_id,)
        return dict(found)

    async def set_readers(self, tenant_id: Id, document_id: Id, readers: Collection[Id]) -> None:
        await self._connection.execute(
            delete_of(document_readers, tenant_id, document_readers.c.document_id == document_id)
        )
        rows = [
            {"tenant_id": tenant_id, "document_id": document_id, "reader_id": reader} for reader in sorted(set(readers))
        ]
        if rows:
            await self._connection.execute(insert(document_readers), rows)

    async def delete(self, tenant_id: Id, document_id: Id) -> None:
        await self._connection.execute(delete_of(quarantines, tenant_id, quarantines.c.target == document_id))
        theirs = update(source_items).where(
            source_items.c.tenant_id == tenant_id, source_items.c.document_id == document_id
        )
        await self._connection.execute(theirs.values(document_id=None))
        await self._connection.execute(delete_of(documents, tenant_id, documents.c.id == document_id))
