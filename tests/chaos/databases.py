"""Where ledger, key ring and histories are: SQLite files and Temporal's dev server, or PostgreSQL and the server."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from cli.stack.ports import HOST
from lethe.settings import Settings
from tests.chaos.children import Child, temporal_child
from tests.servers.cluster import postgres_child
from tests.servers.ports import reserved_ports
from tests.servers.postgres import Postgres, make_cluster
from tests.servers.proxy import Link
from tests.servers.temporal_postgres import server_child
from tests.servers.temporal_server import (
    TemporalPrograms,
    make_namespace,
    temporal_programs,
    write_config,
)

_USER = "lethe"
_LAST_WORDS_SECONDS = 1.0


@dataclass(slots=True)
class Databases:
    """``ledger`` and ``keyring`` are addresses past the proxy; ``settings`` what Lethe's processes are told."""

    ledger: str
    keyring: str
    children: dict[str, Child]
    links: dict[str, Link] = field(default_factory=dict[str, Link])

    async def prepare_sql(self) -> None:
        """What must be there before Temporal starts; the SQL server, if there is one, serves."""

    async def prepare_temporal(self) -> None:
        """What must be there before Lethe's processes start; Temporal serves."""

    def settings(self) -> Mapping[str, str]:
        return {}

    async def hold(self, seconds: float) -> None:
        """Let nobody write for so long: what a hanging disk looks like to SQLite's users."""
        await asyncio.to_thread(_lock, self.ledger, seconds)


@asynccontextmanager
async def sqlite_databases(folder: Path, logs: Path, port: int) -> AsyncGenerator[Databases]:
    """Files under the state folder, and Temporal's dev server on one of its own."""
    server = temporal_child(folder, logs, port)
    state = folder / "state"
    yield Databases(
        ledger=str(state / "sql" / "ledger.db"),
        keyring=str(state / "keyring" / "keyring.db"),
        children={"temporal": server},
    )


@asynccontextmanager
async def postgres_databases(folder: Path, logs: Path, port: int) -> AsyncGenerator[Databases]:
    """One PostgreSQL for ledger, key ring and the real Temporal server. Lethe and Temporal reach it through links."""
    with tempfile.TemporaryDirectory(prefix="lethe-pg-", ignore_cleanup_errors=True) as name:
        cluster = await asyncio.to_thread(make_cluster, Path(name))
        programs = await asyncio.to_thread(temporal_programs, Settings().cache)
        socket = cluster.folder / ".s.PGSQL.5432"
        sql, histories = Link(socket), Link(socket)
        await histories.open()
        config = write_config(folder, histories.port, _USER, [port, *reserved_ports(7)])
        yield PostgresDatabases(
            ledger=_address("ledger", cluster.folder),
            keyring=_address("keyring", cluster.folder),
            children={
                "postgres": postgres_child(cluster),
                "temporal": server_child(programs, config, f"{HOST}:{port}", logs / "temporal.log"),
            },
            links={"sql": sql, "histories": histories},
            cluster=cluster,
            programs=programs,
            temporal_port=port,
        )
        # Its postmaster is dead by now; its other processes notice within a moment, and still hold their files.
        await asyncio.sleep(_LAST_WORDS_SECONDS)


@dataclass(slots=True)
class PostgresDatabases(Databases):
    """A cluster that can be killed and started again."""

    cluster: Postgres = field(kw_only=True)
    programs: TemporalPrograms = field(kw_only=True)
    temporal_port: int = field(kw_only=True)

    async def prepare_sql(self) -> None:
        for name in ("ledger", "keyring"):
            await asyncio.to_thread(self.cluster.create_database, name)
        await asyncio.to_thread(self.programs.prepare, self.links["histories"].port, _USER)

    async def prepare_temporal(self) -> None:
        await make_namespace(f"{HOST}:{self.temporal_port}")

    def settings(self) -> Mapping[str, str]:
        link = f"postgresql+asyncpg://{_USER}@{HOST}:{self.links['sql'].port}"
        return {"LETHE_SQL__URL": f"{link}/ledger", "LETHE_SQL__KEYRING_URL": f"{link}/keyring"}


def _address(database: str, folder: Path) -> str:
    return f"postgresql://{_USER}@/{database}?host={quote(str(folder))}"


def _lock(path: str, seconds: float) -> None:
    """BEGIN IMMEDIATE in a process of ours, for as long as it takes to be noticed."""
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as connection, suppress(sqlite3.Error):
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
