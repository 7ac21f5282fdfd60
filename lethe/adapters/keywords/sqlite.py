"""A file per build, with FTS5 over its terms.

A file of its own is in no backup of the ledger, is written without the ledger's lock, and takes its bytes with it. It
is opened for each call and keeps no write-ahead log, so that whoever removes it leaves nothing open and nothing beside
it. The words that a deletion leaves in FTS5's segments go with the file.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from lethe.adapters.keywords.sqlite_statements import (
    ADD_ATTRIBUTE,
    ADD_OBJECT,
    ADD_READER,
    ADD_VERSION,
    DELETE_EMPTY_VERSIONS,
    DELETE_OF_VERSION,
    FORGET_WORDS,
    FORGET_WORDS_OF_VERSION,
    INDEX_WORDS,
    LIST,
    SCHEMA,
    search_statement,
)
from lethe.errors import IndexBuildMissing, IndexUnavailable
from lethe.model.ids import Id
from lethe.model.indexes import IndexBuild
from lethe.ports.vectors import Hit, HybridQuery, KeywordObject, Listed

_log: Final = logging.getLogger("lethe.keywords")

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
_PRIMARY: Final = 0xFF
"""The bits of a result code that say what kind of failure it is; those above say more of it."""


class SqliteKeywords:
    """ports.keywords.KeywordIndex."""

    def __init__(self, folder: Path, wait_seconds: float) -> None:
        self._folder = folder
        self._wait_seconds = wait_seconds

    async def create_build(self, build: IndexBuild) -> None:
        await asyncio.to_thread(self._create, build)

    async def drop_build(self, build: IndexBuild) -> None:
        def drop() -> None:
            with _translated():
                self._remove(build)

        await asyncio.to_thread(drop)

    async def exists(self, build: IndexBuild) -> bool:
        return await asyncio.to_thread(_holds_something, self._file(build))

    async def write(self, build: IndexBuild, objects: Sequence[KeywordObject]) -> None:
        if objects:
            await self._run(build, lambda connection: _write(connection, objects))

    async def update_properties(
        self, build: IndexBuild, version_id: Id, readers: tuple[Id, ...], attributes: tuple[str, ...]
    ) -> int:
        def update(connection: sqlite3.Connection) -> int:
            found = connection.execute("SELECT id FROM versions WHERE version_id = ?", (_bytes(version_id),)).fetchone()
            if found is None:
                return 0
            _label(connection, found[0], readers, attributes)
            counted = connection.execute("SELECT count(*) FROM objects WHERE version = ?", found).fetchone()
            return int(counted[0])

        return await self._run(build, update)

    async def delete_versions(self, build: IndexBuild, version_ids: Collection[Id]) -> int:
        def delete(connection: sqlite3.Connection) -> int:
            keys = [(_bytes(version_id),) for version_id in version_ids]
            connection.executemany(FORGET_WORDS_OF_VERSION, keys)
            deleted = connection.executemany(DELETE_OF_VERSION, keys).rowcount
            connection.executemany("DELETE FROM versions WHERE version_id = ?", keys)
            return deleted

        try:
            return await self._run(build, delete)
        except IndexBuildMissing:
            return 0

    async def search(self, build: IndexBuild, query: HybridQuery) -> list[Hit]:
        if not query.readers or not query.terms:
            return []
        statement, values = search_statement(query)

        def look(connection: sqlite3.Connection) -> list[Hit]:
            rows = connection.execute(statement, values).fetchall()
            best = max((row[3] for row in rows), default=0.0) or 1.0
            return [Hit(_id(row[0]), _id(row[1]), _id(row[2]), row[3] / best) for row in rows]

        return await self._run(build, look, writes=False)

    async def page(self, build: IndexBuild, after: Id | None, limit: int) -> list[Listed]:
        def look(connection: sqlite3.Connection) -> list[Listed]:
            rows = connection.execute(LIST, (_bytes(after) if after else b"", limit)).fetchall()
            labels = {
                version: (
                    _labels(connection, "SELECT reader FROM readers WHERE version = ? ORDER BY 1", version),
                    _labels(connection, "SELECT attribute FROM attributes WHERE version = ? ORDER BY 1", version),
                )
                for version in {row[1] for row in rows}
            }
            return [Listed(_id(row[0]), _id(row[2]), *labels[row[1]]) for row in rows]

        return await self._run(build, look, writes=False)

    async def present(self, build: IndexBuild, chunk_ids: Collection[Id]) -> frozenset[Id]:
        def look(connection: sqlite3.Connection) -> frozenset[Id]:
            statement = "SELECT 1 FROM objects WHERE chunk_id = ?"
            return frozenset(each for each in chunk_ids if connection.execute(statement, (_bytes(each),)).fetchone())

        return await self._run(build, look, writes=False)

    async def delete_objects(self, build: IndexBuild, chunk_ids: Collection[Id]) -> int:
        def delete(connection: sqlite3.Connection) -> int:
            deleted = _delete(connection, chunk_ids)
            connection.execute(DELETE_EMPTY_VERSIONS)
            return deleted

        return await self._run(build, delete)

    async def close(self) -> None:
        """Nothing is held open."""

    def _file(self, build: IndexBuild) -> Path:
        return self._folder / f"{build.physical_tenant}.db"

    def _remove(self, build: IndexBuild) -> None:
        for file in self._folder.glob(f"{self._file(build).name}*"):
            file.unlink(missing_ok=True)

    def _create(self, build: IndexBuild) -> None:
        """Under another name until its tables are there: a file of this name is a build that may be written."""
        file = self._file(build)
        if _holds_something(file):
            return
        with _translated():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = file.with_suffix(f".{build.id}")
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
            with closing(sqlite3.connect(unfinished)) as connection:
                connection.executescript(SCHEMA)
            unfinished.rename(file)

    async def _run(self, build: IndexBuild, work: Work[T], *, writes: bool = True) -> T:
        return await asyncio.to_thread(self._in_transaction, build, work, writes)

    def _in_transaction(self, build: IndexBuild, work: Work[T], writes: bool) -> T:
        file = self._file(build)
        if not _holds_something(file):
            raise IndexBuildMissing
        address = f"{file.as_uri()}?mode=rw"
        with _translated():
            try:
                with closing(
                    sqlite3.connect(address, uri=True, isolation_level=None, timeout=self._wait_seconds)
                ) as connection:
                    connection.execute("PRAGMA foreign_keys = ON")
                    connection.execute("PRAGMA secure_delete = ON")
                    connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                    done = work(connection)
                    connection.execute("COMMIT")
                    return done
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                # Nothing in it is found nowhere else: without the file, a new build takes its place.
                _log.warning("damaged keyword file removed", extra={"ref": build.id})
                self._remove(build)
                raise IndexBuildMissing from None


def _write(connection: sqlite3.Connection, objects: Sequence[KeywordObject]) -> None:
    _delete(connection, [item.chunk_id for item in objects])
    last = {item.version_id: item for item in objects}
    connection.executemany(ADD_VERSION, [(_bytes(key), _bytes(item.document_id)) for key, item in last.items()])
    numbers: dict[Id, int] = {}
    for version_id, item in last.items():
        found = connection.execute("SELECT id FROM versions WHERE version_id = ?", (_bytes(version_id),)).fetchone()
        numbers[version_id] = found[0]
        _label(connection, found[0], item.readers, item.attributes)
    # Numbers only rise (AUTOINCREMENT), so what is above the last one is what is added here.
    (top,) = connection.execute("SELECT coalesce(max(id), 0) FROM objects").fetchone()
    connection.executemany(
        ADD_OBJECT, [(_bytes(item.chunk_id), numbers[item.version_id], item.ordinal, item.terms) for item in objects]
    )
    connection.execute(INDEX_WORDS, (top,))


def _label(connection: sqlite3.Connection, version: int, readers: Collection[Id], attributes: Collection[str]) -> None:
    connection.execute("DELETE FROM readers WHERE version = ?", (version,))
    connection.execute("DELETE FROM attributes WHERE version = ?", (version,))
    connection.executemany(ADD_READER, [(version, reader) for reader in set(readers)])
    connection.executemany(ADD_ATTRIBUTE, [(version, attribute) for attribute in set(attributes)])


def _delete(connection: sqlite3.Connection, chunk_ids: Collection[Id]) -> int:
    keys = [(_bytes(chunk_id),) for chunk_id in chunk_ids]
    connection.executemany(FORGET_WORDS, keys)
    return connection.executemany("DELETE FROM objects WHERE chunk_id = ?", keys).rowcount


def _labels(connection: sqlite3.Connection, statement: str, version: int) -> tuple[str, ...]:
    return tuple(row[0] for row in connection.execute(statement, (version,)))


def _bytes(value: Id) -> bytes:
    """Sixteen bytes compare as the id's text does."""
    return UUID(value).bytes


def _id(value: bytes) -> Id:
    return str(UUID(bytes=value))


def _holds_something(file: Path) -> bool:
    """A file that a crash left without a byte is no build."""
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:
        return False


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether no later attempt finds the file whole."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & _PRIMARY in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:
        raise IndexUnavailable(type(error).__name__) from None
