"""Between frozen entities and rows: a table's columns carry the names of the entity's fields."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, Delete, Select, Table, Update, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from lethe.model.ids import Id

E = TypeVar("E")

BATCH: Final = 500
"""Values in one statement: the engines take some 32,000."""


class Mapped(Generic[E]):
    """An entity and its table. ``renamed`` names the column of a field that is called otherwise."""

    def __init__(self, entity: type[E], table: Table, renamed: Mapping[str, str] | None = None) -> None:
        self.table = table
        self._entity = entity
        other = renamed or {}
        self._names = [(field.name, other.get(field.name, field.name)) for field in fields(entity)]  # type: ignore[arg-type]
        self.columns = [table.c[column] for _, column in self._names]
        # Built once: most of what a statement costs is its list of columns.
        self._all = select(*self.columns)

    def select(self) -> Select[*tuple[Any, ...]]:
        return self._all

    def of(self, tenant_id: Id, *further: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        """The tenant's rows for which all the further conditions hold."""
        return self.select().where(self.table.c.tenant_id == tenant_id, *further)

    def prepared(self, *further: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        """`of` for a statement that every question runs: built and keyed once, ``tenant_id`` is one of its values."""
        return self.select().where(self.table.c.tenant_id == bindparam("tenant_id"), *further)

    def entity(self, row: Sequence[Any]) -> E:
        return self._entity(*row)

    def values(self, entity: E) -> dict[str, Any]:
        return {column: getattr(entity, field) for field, column in self._names}

    async def one(self, connection: AsyncConnection, statement: Select[*tuple[Any, ...]], **values: object) -> E | None:
        row = (await connection.execute(statement, values)).first()
        return None if row is None else self.entity(row)

    async def all(self, connection: AsyncConnection, statement: Select[*tuple[Any, ...]], **values: object) -> list[E]:
        return [self.entity(row) for row in await connection.execute(statement, values)]


def delete_of(table: Table, tenant_id: Id, *further: ColumnElement[bool]) -> Delete:
    return delete(table).where(table.c.tenant_id == tenant_id, *further)


def upsert_into(connection: AsyncConnection, table: Table) -> SqliteInsert | PostgresInsert:
    """An INSERT that takes ON CONFLICT, which SQLAlchemy builds by dialect."""
    return sqlite_insert(table) if connection.dialect.name == "sqlite" else postgres_insert(table)


async def insert_missing(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is not there yet."""
    if rows:
        await connection.execute(upsert_into(connection, table).on_conflict_do_nothing(), [dict(row) for row in rows])


async def update_rows(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write whole rows by (tenant_id, id), in one round trip."""
    if not rows:
        return
    await connection.execute(rewriting(table, tuple(rows[0])), [keyed(row) for row in rows])


@cache
def rewriting(table: Table, columns: tuple[str, ...]) -> Update:
    """Writes these columns of the row that `keyed` values name."""
    its = table.c.tenant_id == bindparam("key_tenant_id"), table.c.id == bindparam("key_id")
    return update(table).where(*its).values({column: bindparam(column) for column in columns})


def keyed(row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a row, with its (tenant_id, id) once more for `rewriting`."""
    return {**row, "key_tenant_id": row["tenant_id"], "key_id": row["id"]}


def one_of(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Sorted, so that the same set is the same statement and locks are taken in one order."""
    return column.in_(sorted(values))


def batches(values: Collection[str]) -> list[list[str]]:
    """For `one_of`, where nothing bounds how many there are."""
    ordered = sorted(set(values))
    return [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
