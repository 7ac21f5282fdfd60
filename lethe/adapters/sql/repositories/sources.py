"""Sources and their items."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, insert, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, batches, delete_of, one_of, update_rows, upsert_into
from lethe.adapters.sql.tables import documents, sources
from lethe.adapters.sql.tables import source_items as items
from lethe.errors import SubjectSuppressed
from lethe.model.ids import Id
from lethe.model.syncs import EntryState, Source, SourceEntry, SourceState
from lethe.ports.ledger import PageCursor

SOURCE: Final = Mapped(Source, sources)
ENTRY: Final = Mapped(SourceEntry, items)


class SqlSources(SqlRepository):
    async def add(self, source: Source) -> None:
        await self._connection.execute(insert(sources).values(SOURCE.values(source)))

    async def get(self, tenant_id: Id, source_id: Id) -> Source | None:
        return await SOURCE.one(self._connection, SOURCE.of(tenant_id, sources.c.id == source_id))

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int) -> list[Source]:
        return await SOURCE.all(self._connection, page_of(SOURCE.of(tenant_id), sources, after, limit))

    async def update(self, source: Source) -> None:
        await update_rows(self._connection, sources, [SOURCE.values(source)])

    async def delete(self, tenant_id: Id, source_id: Id) -> None:
        await self._connection.execute(delete_of(sources, tenant_id, sources.c.id == source_id))

    async def all(self) -> list[Source]:
        active = SOURCE.select().where(sources.c.state == SourceState.ACTIVE)
        return await SOURCE.all(self._connection, active.order_by(sources.c.id))

    async def entries(self, tenant_id: Id, source_id: Id, key_hmacs: Collection[str]) -> dict[str, SourceEntry]:
        found = dict[str, SourceEntry]()
        for some in batches(key_hmacs):
            wanted = ENTRY.of(tenant_id, items.c.source_id == source_id, one_of(items.c.key_hmac, some))
            found.update({entry.key_hmac: entry for entry in await ENTRY.all(self._connection, wanted)})
        return found

    async def put_entries(self, entries: Sequence[SourceEntry]) -> None:
        if not entries:
            return
        statement = upsert_into(self._connection, items)
        keys = ["tenant_id", "source_id", "key_hmac"]
        others = {column.name: statement.excluded[column.name] for column in items.c if column.name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
        await self._connection.execute(statement, [ENTRY.values(entry) for entry in entries])

    async def see(self, tenant_id: Id, source_id: Id, key_hmacs: Collection[str], sync_id: Id) -> None:
        for some in batches(key_hmacs):
            met = update(items).where(*_of(tenant_id, source_id), one_of(items.c.key_hmac, some))
            await self._connection.execute(met.values(seen_sync_id=sync_id, state=EntryState.PRESENT))

    async def renew(self, tenant_id: Id, source_id: Id, sync_id: Id, at: datetime) -> None:
        seen = select(items.c.document_id).where(*_of(tenant_id, source_id), items.c.seen_sync_id == sync_id)
        there = (documents.c.tenant_id == tenant_id, documents.c.deleted_at.is_(None), documents.c.id.in_(seen))
        await self._connection.execute(update(documents).where(*there).values(renewed_at=at))

    async def count_present(self, tenant_id: Id, source_id: Id) -> int:
        return await self._count(*_of(tenant_id, source_id), items.c.state == EntryState.PRESENT)

    async def count_vanished(self, tenant_id: Id, source_id: Id, sync_id: Id) -> int:
        return await self._count(*_vanished(tenant_id, source_id, sync_id))

    async def count_suppressed(self, tenant_id: Id, source_id: Id, sync_id: Id) -> int:
        met = (*_of(tenant_id, source_id), items.c.seen_sync_id == sync_id)
        return await self._count(*met, items.c.code == SubjectSuppressed.code)

    async def vanished(self, tenant_id: Id, source_id: Id, sync_id: Id, limit: int) -> list[SourceEntry]:
        wanted = ENTRY.select().where(*_vanished(tenant_id, source_id, sync_id))
        return await ENTRY.all(self._connection, wanted.order_by(items.c.key_hmac).limit(limit))

    async def keep_vanished(self, tenant_id: Id, source_id: Id, sync_id: Id) -> int:
        kept = update(items).where(*_vanished(tenant_id, source_id, sync_id)).values(state=EntryState.KEPT)
        return (await self._connection.execute(kept)).rowcount

    async def forget_entries(self, tenant_id: Id, source_id: Id, key_hmacs: Collection[str]) -> None:
        for some in batches(key_hmacs):
            gone = (items.c.source_id == source_id, one_of(items.c.key_hmac, some))
            await self._connection.execute(delete_of(items, tenant_id, *gone))

    async def behind(
        self, tenant_id: Id, source_id: Id, mapping: int, after: str | None, limit: int
    ) -> list[SourceEntry]:
        wanted = ENTRY.of(
            tenant_id, items.c.source_id == source_id, items.c.mapping < mapping, items.c.document_id.is_not(None)
        )
        if after is not None:
            wanted = wanted.where(items.c.key_hmac > after)
        return await ENTRY.all(self._connection, wanted.order_by(items.c.key_hmac).limit(limit))

    async def hand_over(self, tenant_id: Id, source_id: Id, document_ids: Collection[Id]) -> set[Id]:
        active = select(sources.c.id).where(sources.c.tenant_id == tenant_id, sources.c.state == SourceState.ACTIVE)
        held = set[Id]()
        for some in batches(document_ids):
            others = (
                items.c.tenant_id == tenant_id,
                items.c.source_id != source_id,
                items.c.source_id.in_(active),
                one_of(items.c.document_id, some),
            )
            held.update((await self._connection.execute(select(items.c.document_id).where(*others))).scalars())
            await self._connection.execute(update(items).where(*others).values(mapping=0))
        return held

    async def note_suppressed(self, tenant_id: Id, source_id: Id, document_ids: Collection[Id]) -> None:
        for some in batches(document_ids):
            refused = update(items).where(*_of(tenant_id, source_id), one_of(items.c.document_id, some))
            await self._connection.execute(refused.values(code=SubjectSuppressed.code))

    async def documents_of(self, tenant_id: Id, source_id: Id, limit: int) -> list[SourceEntry]:
        wanted = ENTRY.of(tenant_id, items.c.source_id == source_id, items.c.document_id.is_not(None))
        return await ENTRY.all(self._connection, wanted.order_by(items.c.key_hmac).limit(limit))

    async def _count(self, *conditions: ColumnElement[bool]) -> int:
        counted: Any = await self._connection.execute(select(func.count()).select_from(items).where(*conditions))
        return int(counted.scalar_one())


def _of(tenant_id: Id, source_id: Id) -> tuple[ColumnElement[bool], ...]:
    return items.c.tenant_id == tenant_id, items.c.source_id == source_id


def _vanished(tenant_id: Id, source_id: Id, sync_id: Id) -> tuple[ColumnElement[bool], ...]:
    return (
        *_of(tenant_id, source_id),
        items.c.state == EntryState.PRESENT,
        items.c.seen_sync_id != sync_id,
    )
