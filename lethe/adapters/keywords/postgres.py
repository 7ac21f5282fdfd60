"""UNLOGGED tables per build: in no write-ahead log and no base backup, emptied by a crash, gone when dropped."""

import math
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from lethe.adapters.keywords.filters import postgres_clause
from lethe.adapters.keywords.postgres_tables import SCHEMA, Tables, as_tsvector, tables_of
from lethe.adapters.sql.engine import Engines, transaction
from lethe.errors import IndexBuildMissing
from lethe.model.ids import Id
from lethe.model.indexes import NIL_ID, IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, KeywordObject, Listed

RANKED_TERMS: Final = 24
"""Terms that decide the order: the rarest ones. All of them decide what is found."""
_UNDEFINED_TABLE: Final = frozenset({"42P01", "3F000"})
_LOCK: Final = int.from_bytes(b"keywords")


class PostgresKeywords:
    """ports.keywords.KeywordIndex. Raises LedgerUnavailable when PostgreSQL does not answer."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    async def create_build(self, build: IndexBuild) -> None:
        """Tables that a crash has emptied are made again, empty and marked."""
        tables = tables_of(build)
        async with transaction(self._engines.writing) as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            await connection.run_sync(tables.metadata.create_all)
            for column in (tables.objects.c.words, tables.versions.c.readers, tables.versions.c.attributes):
                # The planner's statistics are an ordinary table: in the write-ahead log, in every backup.
                await connection.execute(
                    text(f"ALTER TABLE {column.table.fullname} ALTER COLUMN {column.name} SET STATISTICS 0")
                )
            mark: dict[str, object] = {"version_id": NIL_ID, "document_id": NIL_ID, "readers": [], "attributes": []}
            await connection.execute(upsert(tables.versions).values(mark).on_conflict_do_nothing())

    async def drop_build(self, build: IndexBuild) -> None:
        async with transaction(self._engines.writing) as connection:
            await connection.run_sync(tables_of(build).metadata.drop_all)

    async def exists(self, build: IndexBuild) -> bool:
        try:
            async with self._reading(build):
                return True
        except IndexBuildMissing:
            return False

    async def write(self, build: IndexBuild, objects: Sequence[KeywordObject]) -> None:
        if not objects:
            return
        last = {item.version_id: item for item in objects}
        async with self._writing(build) as (connection, tables):
            statement = upsert(tables.versions)
            kept = {name: statement.excluded[name] for name in ("document_id", "readers", "attributes")}
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["version_id"], set_=kept),
                [
                    {
                        "version_id": key,
                        "document_id": item.document_id,
                        "readers": list(item.readers),
                        "attributes": list(item.attributes),
                    }
                    for key, item in sorted(last.items())
                ],
            )
            ids = [item.chunk_id for item in objects]
            await connection.execute(delete(tables.objects).where(tables.objects.c.chunk_id.in_(ids)))
            words = cast(bindparam("terms", type_=Text), TSVECTOR)
            await connection.execute(
                insert(tables.objects).values(words=words),
                [
                    {
                        "chunk_id": item.chunk_id,
                        "version_id": item.version_id,
                        "ordinal": item.ordinal,
                        "terms": as_tsvector(item.terms),
                    }
                    for item in objects
                ],
            )

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        async with self._writing(build) as (connection, tables):
            await connection.execute(
                update(tables.versions)
                .where(tables.versions.c.version_id == version_id)
                .values(readers=list(readers), attributes=list(attributes))
            )
            held = select(func.count()).where(tables.objects.c.version_id == version_id)
            return int((await connection.execute(held)).scalar_one())

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        if not version_ids:
            return 0
        try:
            async with self._writing(build) as (connection, tables):
                of_these = tables.objects.c.version_id.in_(version_ids)
                deleted = await connection.execute(delete(tables.objects).where(of_these))
                await connection.execute(delete(tables.versions).where(tables.versions.c.version_id.in_(version_ids)))
                return deleted.rowcount
        except IndexBuildMissing:
            return 0

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        """Terms rank as their rarity and ts_rank's falling return of each repetition and of length (norm 1) say."""
        if not query.readers or not query.terms:
            return []
        async with self._reading(build) as (connection, tables):
            weights = await _weights(connection, tables, Counter(query.terms.split()))
            if not weights:
                return []
            rows = (await connection.execute(_search(tables, query, weights))).all()
        best = max((row[3] for row in rows), default=0.0) or 1.0
        return [Hit(row[0], row[1], row[2], row[3] / best) for row in rows]

    async def page(self, build: IndexBuild, after: Id | None, limit: int) -> list[Listed]:
        async with self._reading(build) as (connection, tables):
            objects, versions = tables.objects, tables.versions
            statement = select(objects.c.chunk_id, versions.c.version_id, versions.c.readers, versions.c.attributes)
            statement = statement.join_from(objects, versions).order_by(objects.c.chunk_id).limit(limit)
            if after is not None:
                statement = statement.where(objects.c.chunk_id > after)
            rows = (await connection.execute(statement)).all()
        return [Listed(row[0], row[1], tuple(sorted(row[2])), tuple(sorted(row[3]))) for row in rows]

    async def present(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        async with self._reading(build) as (connection, tables):
            column = tables.objects.c.chunk_id
            return frozenset((await connection.execute(select(column).where(column.in_(chunk_ids)))).scalars())

    async def delete_objects(self, build: IndexBuild, chunk_ids: Collection[Id]) -> int:
        async with self._writing(build) as (connection, tables):
            objects, versions = tables.objects, tables.versions
            deleted = await connection.execute(delete(objects).where(objects.c.chunk_id.in_(chunk_ids)))
            used = exists().where(objects.c.version_id == versions.c.version_id)
            await connection.execute(delete(versions).where(versions.c.version_id != NIL_ID, ~used))
            return deleted.rowcount

    async def close(self) -> None:
        await self._engines.close()

    @asynccontextmanager
    async def _reading(self, build: IndexBuild) -> AsyncGenerator[tuple[AsyncConnection, Tables]]:
        async with _missing_told(), transaction(self._engines.reading) as connection:
            yield connection, await _marked(connection, build)

    @asynccontextmanager
    async def _writing(self, build: IndexBuild) -> AsyncGenerator[tuple[AsyncConnection, Tables]]:
        async with _missing_told(), transaction(self._engines.writing) as connection:
            yield connection, await _marked(connection, build)


async def _marked(connection: AsyncConnection, build: IndexBuild) -> Tables:
    """The build's tables. Raises IndexBuildMissing if a crash has emptied them."""
    tables = tables_of(build)
    mark = select(literal(1)).where(tables.versions.c.version_id == NIL_ID)
    if (await connection.execute(mark)).first() is None:
        raise IndexBuildMissing
    return tables


@asynccontextmanager
async def _missing_told() -> AsyncGenerator[None]:
    """Raise IndexBuildMissing for a table that is not there."""
    try:
        yield
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in _UNDEFINED_TABLE:
            raise
        raise IndexBuildMissing from None


async def _weights(connection: AsyncConnection, tables: Tables, counts: Counter[str]) -> dict[str, float]:
    """How much each term tells (BM25's rarity, as often as it is asked for), of those that the build has."""
    term = func.unnest(cast(bindparam("terms", list(counts), type_=ARRAY(Text)), ARRAY(Text))).column_valued("term")
    has = tables.objects.c.words.bool_op("@@")(cast(func.concat("'", term, "'"), TSQUERY))
    holders = select(func.count()).select_from(tables.objects).where(has).scalar_subquery()
    total = select(func.count()).select_from(tables.objects).scalar_subquery()
    rows = (await connection.execute(select(term, holders, total))).all()
    return {row[0]: counts[row[0]] * _rarity(row[1], row[2]) for row in rows if row[1]}


def _rarity(holders: int, total: int) -> float:
    return math.log(1 + (total - holders + 0.5) / (holders + 0.5))


def _search(tables: Tables, query: HybridQuery, weights: Mapping[str, float]) -> Select[*tuple[Any, ...]]:
    objects, versions = tables.objects, tables.versions
    ranked = sorted(weights, key=lambda term: -weights[term])[:RANKED_TERMS]
    score = sum(
        (literal(weights[term]) * func.ts_rank(objects.c.words, _any_of([term]), 1) for term in ranked), literal(0.0)
    ).label("score")
    conditions = [versions.c.readers.overlap(sorted(query.readers))]
    if query.attributes is not None:
        conditions.append(postgres_clause(versions.c.attributes, query.attributes))
    return (
        select(objects.c.chunk_id, versions.c.version_id, versions.c.document_id, score)
        .join_from(objects, versions)
        .where(objects.c.words.bool_op("@@")(_any_of(weights)), *conditions)
        .order_by(score.desc(), objects.c.chunk_id)
        .limit(query.limit)
    )


def _any_of(terms: Iterable[str]) -> ColumnElement[Any]:
    return cast(" | ".join(f"'{term}'" for term in terms), TSQUERY)
