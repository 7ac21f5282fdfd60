"""SQLite's driver, with one trip to the connection's thread for a statement and its rows, and none for a short one.

SQLAlchemy's own asks the thread for a cursor, for the statement, for the rows and to close the cursor, and rolls back
after every commit: a question made 170 trips, each of them a wake-up of two threads. Most of its statements find a few
rows by their keys, in less time than a wake-up takes: those that say so (`short`) run where they are asked for. What
waits for a lock or for the disk never does: beginning to write, and committing what was written.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Final, TypeVar

import aiosqlite
from sqlalchemy import Executable
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_dbapi
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.util.concurrency import await_

Statement = TypeVar("Statement", bound=Executable)

_SHORT: Final = "lethe_short"
_FEW: Final = 20
"""Keys: to find their rows takes less time than a wake-up."""


def short(statement: Statement) -> Statement:
    """The statement, marked as one that reads or writes few rows, each found by a key or an index."""
    return statement.execution_options(**{_SHORT: True})


def short_of(keys: Sized, statement: Statement) -> Statement:
    """The statement, which finds rows by these keys: short where they are few."""
    return short(statement) if len(keys) <= _FEW else statement


def mark_short(cursor: Any, _operation: str, _parameters: Any, context: ExecutionContext) -> None:
    """For SQLAlchemy's `do_execute` and `do_executemany`: tell the cursor whether the statement that comes is short."""
    if isinstance(cursor, OneHopCursor):
        cursor.is_short = bool(context.execution_options.get(_SHORT))


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a statement came to, all of it read."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


_NOTHING: Final = _Ran()


class OneHopCursor:
    """The part of a DBAPI cursor that SQLAlchemy uses of one whose rows are all read."""

    server_side = False
    arraysize = 1

    def __init__(self, connection: "OneHopConnection") -> None:
        self._adapted = connection
        self.is_short = False
        self._ran = _NOTHING
        self._rows = deque[Any]()

    @property
    def description(self) -> Any:
        return self._ran.description

    @property
    def rowcount(self) -> int:
        return self._ran.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._ran.lastrowid

    def execute(self, operation: str, parameters: Sequence[Any] | None = None) -> None:
        self._keep(self._adapted.run(operation, parameters or (), many=False, is_short=self.is_short))

    def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._keep(self._adapted.run(operation, parameters, many=True, is_short=self.is_short))

    def fetchone(self) -> Any:
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return [self._rows.popleft() for _ in range(min(size or self.arraysize, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """SQLAlchemy's, for cursors that are still open in the driver."""

    def _keep(self, ran: _Ran) -> None:
        self._ran, self._rows = ran, deque(ran.rows)


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    """``begin_with_next``: what is run before the next statement, in the same trip.

    ``only_reads``: it has no lock to wait for and nothing to write to the disk.
    """

    __slots__ = ("_is_between", "_thread", "begin_with_next", "only_reads")

    def __init__(self, dbapi: Any, connection: "_Thread") -> None:
        super().__init__(dbapi, connection)  # pyright: ignore[reportArgumentType]
        self._thread = connection
        self._is_between = True
        self.begin_with_next = ""
        self.only_reads = False

    def cursor(self, server_side: bool = False) -> Any:
        return super().cursor(server_side=True) if server_side else OneHopCursor(self)

    def run(self, operation: str, parameters: Sequence[Any], *, many: bool, is_short: bool) -> _Ran:
        """The statement, to its last row. Raises what sqlite3 raises."""
        begin, self.begin_with_next = self.begin_with_next, ""
        self._is_between = False
        try:
            if is_short and self._thread.is_idle:
                return await_(self._thread.run_here(begin, operation, parameters, many=many))
            return await_(self._thread.run(begin, operation, parameters, many=many))
        except ValueError as error:  # closed meanwhile
            self._handle_exception(error)

    def commit(self) -> None:
        self._end(super().commit)

    def rollback(self) -> None:
        self._end(super().rollback)

    def _end(self, end: Callable[[], None]) -> None:
        """Nothing to end where nothing ran since the last end; one that broke off may have ended nothing."""
        self.begin_with_next = ""
        if self._is_between:
            return
        if self.only_reads and self._thread.is_idle:
            self._end_here()
        else:
            end()
        self._is_between = True

    def _end_here(self) -> None:
        try:
            self._thread.end_here()
        except ValueError as error:  # closed meanwhile
            self._handle_exception(error)


class OneHopDriver(AsyncAdapt_aiosqlite_dbapi):
    """aiosqlite as SQLAlchemy takes it, with these connections."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **named: Any) -> OneHopConnection:
        connection = _Thread(partial(sqlite3.connect, *arguments, **named))
        await_(connection)
        return OneHopConnection(self, connection)


class _Thread(aiosqlite.Connection):
    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=64)
        # As SQLAlchemy has it: a connection that nobody closed does not keep the process.
        self._thread.daemon = True
        # Counted by the loop and by the thread, each its own: what was cancelled may still be running there.
        self._asked = 0
        self._done = 0

    @property
    def is_idle(self) -> bool:
        """Whether the thread has nothing to do with the connection, so that others may use it."""
        return self._asked == self._done

    async def run(self, begin: str, operation: str, parameters: Sequence[Any], *, many: bool) -> _Ran:
        return await self._execute(_run, self._conn, begin, operation, parameters, many)

    async def run_here(self, begin: str, operation: str, parameters: Sequence[Any], *, many: bool) -> _Ran:
        return _run(self._conn, begin, operation, parameters, many)

    def end_here(self) -> None:
        self._conn.rollback()

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        @wraps(fn)
        def counted() -> Any:
            try:
                return fn(*args, **kwargs)
            finally:
                self._done += 1

        self._asked += 1
        return await super()._execute(counted)


def _run(connection: sqlite3.Connection, begin: str, operation: str, parameters: Sequence[Any], many: bool) -> _Ran:
    """In whichever thread has the connection now."""
    cursor = connection.cursor()
    try:
        if begin:
            cursor.execute(begin)
        (cursor.executemany if many else cursor.execute)(operation, parameters)
        rows = cursor.fetchall() if cursor.description else ()
        return _Ran(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
    finally:
        cursor.close()
