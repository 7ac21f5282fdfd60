"""Keyset pages: newest first, ties broken by id, so a page never repeats or skips a row while rows are added."""

from typing import Any

from sqlalchemy import Select, Table, tuple_

from lethe.ports.ledger import PageCursor


def page_of(
    statement: Select[*tuple[Any, ...]], table: Table, after: PageCursor | None, limit: int
) -> Select[*tuple[Any, ...]]:
    """The ``limit`` rows that come after the cursor, or the first ones."""
    position = tuple_(table.c.created_at, table.c.id)
    if after is not None:
        statement = statement.where(position < (after.created_at, after.id))
    return statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
