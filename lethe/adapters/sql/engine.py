"""Engines for the ledger and the key ring: how a transaction begins on each database.

SQLite: write units BEGIN IMMEDIATE on the process's one writing connection, so they queue in the process and wait out
other processes by the busy timeout instead of failing half-way with "locked"; read units are deferred, on connections
that refuse writes. secure_delete overwrites deleted rows. synchronous stays FULL: a commit survives a power cut.
PostgreSQL: write units READ COMMITTED with row locks; read units REPEATABLE READ, read-only.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast
from urllib.parse import quote

from sqlalchemy import URL, Connection, Dialect, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from lethe.adapters.sql.failures import CONNECTING, refuse_unwrapped, translated
from lethe.adapters.sql.one_hop import OneHopConnection, OneHopDriver, mark_short
from lethe.errors import ConfigurationError, LedgerUnavailable
from lethe.settings import SqlSettings

_DRIVERS = {"sqlite+aiosqlite", "postgresql+asyncpg"}
_DEFERRED: Final = "BEGIN"


@dataclass(frozen=True, slots=True)
class Engines:
    """Where read units and write units get their connections."""

    reading: AsyncEngine
    writing: AsyncEngine

    async def close(self) -> None:
        await self.reading.dispose()
        await self.writing.dispose()


def make_engines(url: str, settings: SqlSettings) -> Engines:
    """Engines that connect on first use. Raises ConfigurationError for a URL of another driver."""
    address = make_url(url)
    if address.drivername not in _DRIVERS:
        raise ConfigurationError(f"the SQL address must begin with one of {sorted(_DRIVERS)}")
    if address.get_backend_name() == "sqlite":
        return Engines(
            reading=_sqlite(address, settings, size=settings.pool_size, begin=_DEFERRED),
            writing=_sqlite(address, settings, size=1, begin="BEGIN IMMEDIATE"),
        )
    engine = _postgres(url, settings)
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(reading=reading, writing=engine)


def _postgres(url: str, settings: SqlSettings) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.lock_timeout_ms / 1000,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "timeout": settings.connect_timeout_ms / 1000,
            "command_timeout": settings.statement_timeout_ms / 1000,
            "server_settings": {
                "application_name": "lethe",
                "lock_timeout": str(settings.lock_timeout_ms),
                "statement_timeout": str(settings.statement_timeout_ms),
                "timezone": "UTC",
            },
        },
    )
    event.listen(engine.sync_engine, "handle_error", refuse_unwrapped)
    return engine


def _sqlite(address: URL, settings: SqlSettings, *, size: int, begin: str) -> AsyncEngine:
    wait = settings.busy_timeout_ms / 1000
    # mode=rw: a file that is not there is a database that is not there, not an empty one made in passing.
    existing = address.set(database=f"file:{quote(address.database or '')}", query={"uri": "true", "mode": "rw"})
    engine = create_async_engine(
        existing,
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait,
        hide_parameters=True,
        module=OneHopDriver(),
        # isolation_level None: the driver begins nothing by itself, so BEGIN is ours (Python sqlite3, "transaction
        # control").
        connect_args={"timeout": wait, "isolation_level": None},
    )
    pragmas = ["foreign_keys = ON", "secure_delete = ON", "synchronous = FULL"]
    if begin == _DEFERRED:
        pragmas.append("query_only = ON")

    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        cast("OneHopConnection", connection).only_reads = begin == _DEFERRED

    def refuse_missing(_dialect: Dialect, _entry: ConnectionPoolEntry, _args: object, _options: object) -> None:
        # Asked before connecting: a connect that fails leaves the driver's thread a message for a loop that may be
        # closed by then.
        if not Path(address.database or "").exists():
            raise FileNotFoundError("the database's file is not there")

    def start(connection: Connection) -> None:
        if begin == _DEFERRED:
            # It reads nothing and locks nothing before the first statement, so it goes with that one.
            cast("OneHopConnection", connection.connection.dbapi_connection).begin_with_next = begin
        else:
            connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "do_connect", refuse_missing)
    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", start)
    event.listen(engine.sync_engine, "do_execute", mark_short)
    event.listen(engine.sync_engine, "do_executemany", mark_short)
    return engine


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """A connection in a transaction that commits when the block ends and rolls back when it raises.

    Raises LedgerUnavailable when the database does not answer, and for a deadlock, a serialization failure or a lock
    not granted in time; LedgerConflict when a constraint refuses.
    """
    with translated():
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(engine.connect())
                await stack.enter_async_context(connection.begin())
            except CONNECTING as error:
                raise LedgerUnavailable from error
            yield connection


async def empty_journal(engine: AsyncEngine) -> bool:
    """Move SQLite's write-ahead log into the file and cut it: it holds what deleted rows were until then.

    Returns whether it is empty: not while another process reads. Other engines have no journal that a client empties.
    """
    if engine.dialect.name != "sqlite":
        return True
    with translated():
        async with engine.connect() as connection:
            return await connection.run_sync(_truncated)


def _truncated(connection: Connection) -> bool:
    # On the driver's cursor: SQLAlchemy would begin a transaction first, and a checkpoint cannot run inside one.
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    is_busy, *_ = cursor.fetchone() or (1,)
    cursor.close()
    return not is_busy


async def answers(engine: AsyncEngine) -> bool:
    """Whether the database does."""
    try:
        async with transaction(engine) as connection:
            await connection.exec_driver_sql("SELECT 1")
    except LedgerUnavailable:
        return False
    return True
