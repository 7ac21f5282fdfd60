"""Erasure requests, their manifests, and suppressions."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import bindparam, func, insert, not_, or_, select, tuple_, update

from lethe.adapters.sql.one_hop import short
from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import (
    Mapped,
    batches,
    delete_of,
    insert_missing,
    keyed,
    one_of,
    rewriting,
    upsert_into,
)
from lethe.adapters.sql.tables import erasure_identifiers as identifiers
from lethe.adapters.sql.tables import erasure_items as items
from lethe.adapters.sql.tables import erasure_stores as stores
from lethe.adapters.sql.tables import erasure_subjects as subjects
from lethe.adapters.sql.tables import erasures, source_items, suppressions
from lethe.errors import ErasureNotFound, SubjectSuppressed
from lethe.model.erasures import (
    ErasureIdentifier,
    ErasureItem,
    ErasureRequest,
    ErasureState,
    ErasureStore,
    ItemState,
)
from lethe.model.ids import Id
from lethe.model.personal_data import ItemKind, StoreName
from lethe.ports.ledger import PageCursor

REQUEST: Final = Mapped(ErasureRequest, erasures)
IDENTIFIER: Final = Mapped(ErasureIdentifier, identifiers)
ITEM: Final = Mapped(ErasureItem, items)
STORE: Final = Mapped(ErasureStore, stores)

_BY_ID: Final = short(REQUEST.prepared(erasures.c.id == bindparam("id")))
_UPDATED: Final = short(rewriting(erasures, tuple(column.name for column in REQUEST.columns)))
_IDENTIFIERS: Final = short(
    IDENTIFIER.prepared(identifiers.c.erasure_id == bindparam("id")).order_by(identifiers.c.kind, identifiers.c.blind)
)
_FENCING: Final = select(erasures.c.id).where(
    erasures.c.tenant_id == bindparam("tenant_id"), erasures.c.fenced_at.is_not(None), erasures.c.ended_at.is_(None)
)
_FENCED: Final = short(IDENTIFIER.prepared(identifiers.c.erasure_id.in_(_FENCING)))

_ITEM_KEY: Final = ["tenant_id", "erasure_id", "store", "kind", "ref"]
_STORE_KEY: Final = _ITEM_KEY[:3]


class SqlErasures(SqlRepository):
    async def add(self, request: ErasureRequest, identifiers: Sequence[ErasureIdentifier]) -> None:
        await self._connection.execute(insert(erasures).values(REQUEST.values(request)))
        await insert_missing(self._connection, IDENTIFIER.table, [IDENTIFIER.values(each) for each in identifiers])

    async def get(self, tenant_id: Id, erasure_id: Id) -> ErasureRequest | None:
        return await REQUEST.one(self._connection, _BY_ID, tenant_id=tenant_id, id=erasure_id)

    async def update(self, request: ErasureRequest) -> None:
        result = await self._connection.execute(_UPDATED, keyed(REQUEST.values(request)))
        if result.rowcount == 0:
            raise ErasureNotFound

    async def page(
        self, tenant_id: Id, states: Collection[ErasureState], after: PageCursor | None, limit: int
    ) -> list[ErasureRequest]:
        statement = REQUEST.of(tenant_id)
        if states:
            statement = statement.where(one_of(erasures.c.state, states))
        return await REQUEST.all(self._connection, page_of(statement, erasures, after, limit))

    async def unfinished(self, tenant_id: Id) -> list[ErasureRequest]:
        statement = REQUEST.of(tenant_id, erasures.c.ended_at.is_(None))
        return await REQUEST.all(self._connection, statement.order_by(erasures.c.created_at, erasures.c.id))

    async def identifiers(self, tenant_id: Id, erasure_id: Id) -> list[ErasureIdentifier]:
        return await IDENTIFIER.all(self._connection, _IDENTIFIERS, tenant_id=tenant_id, id=erasure_id)

    async def set_tagged(self, tenant_id: Id, erasure_id: Id, tags: Collection[str], at: datetime) -> None:
        await self._connection.execute(
            update(identifiers)
            .where(
                identifiers.c.tenant_id == tenant_id,
                identifiers.c.erasure_id == erasure_id,
                one_of(identifiers.c.tag, tags),
            )
            .values(tagged_at=at)
        )

    async def keep_tags(self, tenant_id: Id, tags: Collection[str]) -> None:
        theirs = identifiers.c.tenant_id == tenant_id, one_of(identifiers.c.tag, tags)
        await self._connection.execute(update(identifiers).where(*theirs).values(tagged_at=None))

    async def fenced_identifiers(self, tenant_id: Id) -> list[ErasureIdentifier]:
        return await IDENTIFIER.all(self._connection, _FENCED, tenant_id=tenant_id)

    async def set_subjects(self, tenant_id: Id, erasure_id: Id, subject_ids: Collection[Id]) -> None:
        rows = [
            {"tenant_id": tenant_id, "erasure_id": erasure_id, "subject_id": each} for each in sorted(set(subject_ids))
        ]
        await insert_missing(self._connection, subjects, rows)

    async def subjects(self, tenant_id: Id, erasure_id: Id) -> list[Id]:
        statement = select(subjects.c.subject_id).where(
            subjects.c.tenant_id == tenant_id, subjects.c.erasure_id == erasure_id
        )
        return list((await self._connection.execute(short(statement.order_by(subjects.c.subject_id)))).scalars())

    async def put_items(self, items: Sequence[ErasureItem]) -> None:
        if not items:
            return
        statement = upsert_into(self._connection, ITEM.table)
        statement = statement.on_conflict_do_update(
            index_elements=_ITEM_KEY,
            set_={name: statement.excluded[name] for name in ("state", "code", "round", "updated_at")},
        )
        await self._connection.execute(statement, [ITEM.values(item) for item in items])

    async def item(self, tenant_id: Id, erasure_id: Id, store: str, kind: str, ref: str) -> ErasureItem | None:
        key = (items.c.store == store, items.c.kind == kind, items.c.ref == ref)
        return await ITEM.one(self._connection, ITEM.of(tenant_id, items.c.erasure_id == erasure_id, *key))

    async def items(
        self,
        tenant_id: Id,
        erasure_id: Id,
        *,
        store: str | None = None,
        states: Collection[ItemState] = (),
        after: tuple[str, str, str] | None = None,
        limit: int = 500,
    ) -> list[ErasureItem]:
        position = tuple_(items.c.store, items.c.kind, items.c.ref)
        statement = ITEM.of(tenant_id, items.c.erasure_id == erasure_id)
        if store is not None:
            statement = statement.where(items.c.store == store)
        if states:
            statement = statement.where(one_of(items.c.state, states))
        if after is not None:
            statement = statement.where(position > after)
        statement = statement.order_by(items.c.store, items.c.kind, items.c.ref).limit(limit)
        return await ITEM.all(self._connection, short(statement))

    async def refs(self, tenant_id: Id, erasure_id: Id, store: str, kind: str, state: ItemState) -> list[Id]:
        statement = select(items.c.ref).where(
            items.c.tenant_id == tenant_id,
            items.c.erasure_id == erasure_id,
            items.c.store == store,
            items.c.kind == kind,
            items.c.state == state,
        )
        return list((await self._connection.execute(statement.order_by(items.c.ref))).scalars())

    async def holding(self, tenant_id: Id, code: str, refs: Collection[Id]) -> list[Id]:
        found = set[Id]()
        every = select(erasures.c.id).where(erasures.c.tenant_id == tenant_id)
        for some in batches(refs):
            statement = select(items.c.erasure_id).where(
                items.c.tenant_id == tenant_id,
                # By the index of states: what is held is little, and the items of certified requests are not.
                items.c.erasure_id.in_(every),
                items.c.state == ItemState.HELD,
                items.c.code == code,
                one_of(items.c.ref, some),
            )
            found |= set((await self._connection.execute(statement)).scalars())
        return sorted(found)

    async def naming(self, tenant_id: Id, erasure_ids: Collection[Id], refs: Collection[Id]) -> frozenset[Id]:
        found = set[Id]()
        for some in batches(refs):
            statement = select(items.c.ref).where(
                items.c.tenant_id == tenant_id,
                one_of(items.c.erasure_id, erasure_ids),
                items.c.store == StoreName.DOCUMENTS.value,
                one_of(items.c.kind, [ItemKind.DOCUMENT.value, ItemKind.VERSION.value]),
                one_of(items.c.ref, some),
            )
            found |= set((await self._connection.execute(statement)).scalars())
        return frozenset(found)

    async def held(self, tenant_id: Id, erasure_id: Id, code: str) -> list[ErasureItem]:
        those = items.c.erasure_id == erasure_id, items.c.state == ItemState.HELD, items.c.code == code
        return await ITEM.all(self._connection, ITEM.of(tenant_id, *those))

    async def count_items(self, tenant_id: Id, erasure_id: Id) -> dict[tuple[str, ItemState], int]:
        statement = (
            select(items.c.store, items.c.state, func.count())
            .where(items.c.tenant_id == tenant_id, items.c.erasure_id == erasure_id)
            .group_by(items.c.store, items.c.state)
        )
        return {(row[0], row[1]): int(row[2]) for row in await self._connection.execute(statement)}

    async def put_stores(self, reports: Sequence[ErasureStore]) -> None:
        if not reports:
            return
        statement = upsert_into(self._connection, stores)
        kept = {column.name: statement.excluded[column.name] for column in stores.c if column.name not in _STORE_KEY}
        statement = statement.on_conflict_do_update(index_elements=_STORE_KEY, set_=kept)
        await self._connection.execute(short(statement), [STORE.values(each) for each in reports])

    async def stores(self, tenant_id: Id, erasure_id: Id) -> list[ErasureStore]:
        wanted = STORE.of(tenant_id, stores.c.erasure_id == erasure_id)
        return await STORE.all(self._connection, wanted.order_by(stores.c.store))

    async def forget(self, tenant_id: Id, erasure_id: Id, keeping: Collection[str] = ()) -> None:
        for table in (identifiers, subjects):
            await self._connection.execute(delete_of(table, tenant_id, table.c.erasure_id == erasure_id))
        goes = items.c.erasure_id == erasure_id
        if keeping:
            goes &= or_(items.c.state != ItemState.ERASED, not_(one_of(items.c.kind, keeping)))
        await self._connection.execute(delete_of(items, tenant_id, goes))


class SqlSuppressions(SqlRepository):
    async def put(self, tenant_id: Id, tags: Collection[str], day: date) -> None:
        rows = [{"tenant_id": tenant_id, "tag": tag, "day": day} for tag in sorted(set(tags))]
        await insert_missing(self._connection, suppressions, rows)

    async def all(self, tenant_id: Id) -> frozenset[str]:
        statement = select(suppressions.c.tag).where(suppressions.c.tenant_id == tenant_id)
        return frozenset((await self._connection.execute(statement)).scalars())

    async def found(self, tenant_id: Id, tags: Collection[str]) -> frozenset[str]:
        statement = select(suppressions.c.tag).where(
            suppressions.c.tenant_id == tenant_id, one_of(suppressions.c.tag, tags)
        )
        return frozenset((await self._connection.execute(statement)).scalars())

    async def lift(self, tenant_id: Id, tags: Collection[str]) -> int:
        refused = (source_items.c.tenant_id == tenant_id, source_items.c.code == SubjectSuppressed.code)
        await self._connection.execute(update(source_items).where(*refused).values(revision_hmac=""))
        statement = delete_of(suppressions, tenant_id, one_of(suppressions.c.tag, tags))
        return (await self._connection.execute(statement)).rowcount
