"""Quarantines and the documents they hide."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, insert, literal, or_, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.paging import page_of
from lethe.adapters.sql.rows import Mapped, batches, delete_of, insert_missing, one_of, upsert_into
from lethe.adapters.sql.tables import document_quarantines as hidden
from lethe.adapters.sql.tables import document_versions as versions
from lethe.adapters.sql.tables import documents, quarantines, source_prefixes
from lethe.adapters.sql.types import IdText
from lethe.model.ids import Id
from lethe.model.quarantines import Quarantine, QuarantineKind
from lethe.ports.ledger import PageCursor

QUARANTINE: Final = Mapped(Quarantine, quarantines)
_COLUMNS: Final = ["tenant_id", "document_id", "quarantine_id"]


def is_hidden() -> ColumnElement[bool]:
    """Whether a quarantine hides the row's document; by primary key, since every gate asks it of every hit."""
    return exists().where(and_(hidden.c.tenant_id == documents.c.tenant_id, hidden.c.document_id == documents.c.id))


class SqlQuarantines(SqlRepository):
    async def add(self, quarantine: Quarantine) -> int:
        await self._connection.execute(insert(quarantines).values(QUARANTINE.values(quarantine)))
        covered = _covered(quarantine).with_only_columns(
            documents.c.tenant_id, documents.c.id, literal(quarantine.id, IdText())
        )
        statement = upsert_into(self._connection, hidden).from_select(_COLUMNS, covered).on_conflict_do_nothing()
        return (await self._connection.execute(statement)).rowcount

    async def cover(self, tenant_id: Id, document_id: Id, ingestion_id: Id | None) -> None:
        begins = select(source_prefixes.c.prefix_hmac).where(
            source_prefixes.c.tenant_id == tenant_id, source_prefixes.c.document_id == document_id
        )
        in_force = select(quarantines.c.id).where(
            quarantines.c.tenant_id == tenant_id,
            quarantines.c.lifted_at.is_(None),
            or_(
                _is(QuarantineKind.DOCUMENT, quarantines.c.target == document_id),
                _is(QuarantineKind.SOURCE_PREFIX, quarantines.c.target.in_(begins)),
                _is(QuarantineKind.INGESTION, quarantines.c.target == (ingestion_id or "")),
            ),
        )
        found = (await self._connection.execute(in_force)).scalars()
        await insert_missing(
            self._connection,
            hidden,
            [{"tenant_id": tenant_id, "document_id": document_id, "quarantine_id": each} for each in found],
        )

    async def lift(self, tenant_id: Id, quarantine_id: Id, at: datetime) -> bool:
        ended = (
            update(quarantines)
            .where(
                quarantines.c.tenant_id == tenant_id,
                quarantines.c.id == quarantine_id,
                quarantines.c.lifted_at.is_(None),
            )
            .values(lifted_at=at, sealed_prefix=b"")
        )
        is_lifted = (await self._connection.execute(ended)).rowcount > 0
        await self._connection.execute(delete_of(hidden, tenant_id, hidden.c.quarantine_id == quarantine_id))
        return is_lifted

    async def hiding(self, tenant_id: Id, quarantine_id: Id) -> list[Id]:
        statement = select(hidden.c.document_id).where(
            hidden.c.tenant_id == tenant_id, hidden.c.quarantine_id == quarantine_id
        )
        return list((await self._connection.execute(statement.order_by(hidden.c.document_id))).scalars())

    async def get(self, tenant_id: Id, quarantine_id: Id) -> Quarantine | None:
        return await QUARANTINE.one(self._connection, QUARANTINE.of(tenant_id, quarantines.c.id == quarantine_id))

    async def page(self, tenant_id: Id, after: PageCursor | None, limit: int, *, in_force: bool) -> list[Quarantine]:
        statement = QUARANTINE.of(tenant_id)
        if in_force:
            statement = statement.where(quarantines.c.lifted_at.is_(None))
        return await QUARANTINE.all(self._connection, page_of(statement, quarantines, after, limit))

    async def counts(self, tenant_id: Id, quarantine_ids: Collection[Id]) -> dict[Id, int]:
        statement = (
            select(hidden.c.quarantine_id, func.count())
            .where(hidden.c.tenant_id == tenant_id, one_of(hidden.c.quarantine_id, quarantine_ids))
            .group_by(hidden.c.quarantine_id)
        )
        return {row[0]: int(row[1]) for row in await self._connection.execute(statement)}

    async def hidden(self, tenant_id: Id, document_ids: Collection[Id]) -> frozenset[Id]:
        statement = select(hidden.c.document_id).where(
            hidden.c.tenant_id == tenant_id, one_of(hidden.c.document_id, document_ids)
        )
        return frozenset((await self._connection.execute(statement)).scalars())

    async def put_prefixes(self, tenant_id: Id, document_id: Id, prefix_hmacs: Sequence[str]) -> None:
        await insert_missing(
            self._connection,
            source_prefixes,
            [{"tenant_id": tenant_id, "document_id": document_id, "prefix_hmac": each} for each in prefix_hmacs],
        )

    async def below(self, tenant_id: Id, document_ids: Collection[Id], prefix_hmacs: Collection[str]) -> frozenset[Id]:
        found = set[Id]()
        for some in batches(document_ids):
            statement = select(source_prefixes.c.document_id).where(
                source_prefixes.c.tenant_id == tenant_id,
                one_of(source_prefixes.c.document_id, some),
                one_of(source_prefixes.c.prefix_hmac, prefix_hmacs),
            )
            found.update((await self._connection.execute(statement)).scalars())
        return frozenset(found)

    async def without_prefixes(self, tenant_id: Id, after: Id | None, limit: int) -> list[Id]:
        kept = and_(
            source_prefixes.c.tenant_id == documents.c.tenant_id, source_prefixes.c.document_id == documents.c.id
        )
        statement = (
            select(documents.c.id)
            .where(documents.c.tenant_id == tenant_id, documents.c.deleted_at.is_(None), ~exists().where(kept))
            .order_by(documents.c.id)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(documents.c.id > after)
        return list((await self._connection.execute(statement)).scalars())


def _is(kind: QuarantineKind, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(quarantines.c.kind == kind, condition)


def _covered(quarantine: Quarantine) -> Select[*tuple[Any, ...]]:
    """The documents a quarantine hides at its beginning."""
    found = select(documents.c.id).where(documents.c.tenant_id == quarantine.tenant_id)
    if quarantine.kind is QuarantineKind.DOCUMENT:
        return found.where(documents.c.id == quarantine.target)
    if quarantine.kind is QuarantineKind.INGESTION:
        return found.where(documents.c.id.in_(brought_by(quarantine.tenant_id, quarantine.target)))
    return found.where(documents.c.id.in_(below(quarantine.tenant_id, quarantine.target)))


def below(tenant_id: Id, prefix_hmac: str) -> Select[*tuple[Any, ...]]:
    """Ids of the documents whose source begins so."""
    return select(source_prefixes.c.document_id).where(
        source_prefixes.c.tenant_id == tenant_id, source_prefixes.c.prefix_hmac == prefix_hmac
    )


def brought_by(tenant_id: Id, ingestion_id: Id) -> Select[*tuple[Any, ...]]:
    """Ids of the documents with a version of the ingestion."""
    return select(versions.c.document_id).where(
        versions.c.tenant_id == tenant_id, versions.c.ingestion_id == ingestion_id
    )
