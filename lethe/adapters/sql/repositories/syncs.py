"""Syncs, and what each has still to do."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, insert, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, batches, delete_of, insert_missing, one_of, update_rows
from lethe.adapters.sql.tables import sync_items, syncs
from lethe.model.ids import Id
from lethe.model.syncs import FINAL, ListedAs, ListedItem, Sync, SyncState
from lethe.ports.ledger import PageCursor

SYNC: Final = Mapped(Sync, syncs)
LISTED: Final = Mapped(ListedItem, sync_items)


class SqlSyncs(SqlRepository):
    async def add(self, sync: Sync) -> None:
        await self._connection.execute(insert(syncs).values(SYNC.values(sync)))

    async def get(self, tenant_id: Id, sync_id: Id) -> Sync | None:
        return await SYNC.one(self._connection, SYNC.of(tenant_id, syncs.c.id == sync_id))

    async def update(self, sync: Sync) -> None:
        await update_rows(self._connection, syncs, [SYNC.values(sync)])

    async def page(self, tenant_id: Id, source_id: Id, after: PageCursor | None, limit: int) -> list[Sync]:
        wanted = SYNC.of(tenant_id, syncs.c.source_id == source_id)
        return await SYNC.all(self._connection, page_of(wanted, syncs, after, limit))

    async def unfinished(self, tenant_id: Id, source_id: Id) -> list[Sync]:
        wanted = SYNC.of(tenant_id, syncs.c.source_id == source_id, syncs.c.state.not_in(sorted(FINAL)))
        return await SYNC.all(self._connection, wanted.order_by(syncs.c.created_at, syncs.c.id))

    async def asking(self, tenant_id: Id, source_ids: Collection[Id]) -> dict[Id, Id]:
        found = dict[Id, Id]()
        for some in batches(source_ids):
            waiting = (syncs.c.state == SyncState.NEEDS_ATTENTION, syncs.c.decision.is_(None))
            wanted = SYNC.of(tenant_id, one_of(syncs.c.source_id, some), *waiting)
            found.update({sync.source_id: sync.id for sync in await SYNC.all(self._connection, wanted)})
        return found

    async def put_listed(self, items: Sequence[ListedItem]) -> None:
        await insert_missing(self._connection, sync_items, [LISTED.values(item) for item in items])

    async def listed(self, tenant_id: Id, sync_id: Id, kinds: Collection[ListedAs], limit: int) -> list[ListedItem]:
        wanted = LISTED.of(tenant_id, sync_items.c.sync_id == sync_id, one_of(sync_items.c.listed_as, kinds))
        return await LISTED.all(self._connection, wanted.order_by(sync_items.c.id).limit(limit))

    async def count_listed(self, tenant_id: Id, sync_id: Id) -> dict[ListedAs, int]:
        counted = (
            select(sync_items.c.listed_as, func.count())
            .where(sync_items.c.tenant_id == tenant_id, sync_items.c.sync_id == sync_id)
            .group_by(sync_items.c.listed_as)
        )
        return {kind: int(number) for kind, number in await self._connection.execute(counted)}

    async def done(self, tenant_id: Id, item_ids: Collection[Id]) -> None:
        for some in batches(item_ids):
            await self._connection.execute(delete_of(sync_items, tenant_id, one_of(sync_items.c.id, some)))

    async def expire(self, tenant_id: Id, source_id: Id, ended_before: datetime) -> None:
        old = (syncs.c.source_id == source_id, syncs.c.ended_at < ended_before)
        await self._connection.execute(delete_of(syncs, tenant_id, *old))

    async def rename(self, tenant_id: Id, sync_id: Id, kind: ListedAs, other: ListedAs) -> None:
        of_kind = (
            sync_items.c.tenant_id == tenant_id,
            sync_items.c.sync_id == sync_id,
            sync_items.c.listed_as == kind,
        )
        await self._connection.execute(update(sync_items).where(*of_kind).values(listed_as=other))

    async def forget(self, tenant_id: Id, sync_id: Id, kind: ListedAs) -> None:
        of_kind = (sync_items.c.sync_id == sync_id, sync_items.c.listed_as == kind)
        await self._connection.execute(delete_of(sync_items, tenant_id, *of_kind))

    async def forget_listing(self, tenant_id: Id, sync_id: Id) -> None:
        await self._connection.execute(delete_of(sync_items, tenant_id, sync_items.c.sync_id == sync_id))
