"""The real Temporal server on a PostgreSQL of its own, as production runs it."""

import asyncio
import os
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.stack.ports import HOST
from cli.stack.probes import CommandProbe
from cli.stack.temporal import health_argv
from lethe.settings import Settings
from tests.chaos.children import Child
from tests.servers.cluster import Cluster
from tests.servers.ports import reserved_ports
from tests.servers.postgres import make_cluster
from tests.servers.temporal_server import (
    TemporalPrograms,
    make_namespace,
    server_argv,
    temporal_programs,
    write_config,
)

_DATABASES = ("temporal", "temporal_visibility")
_USER = "lethe"


def server_child(programs: TemporalPrograms, config: Path, address: str, log: Path) -> Child:
    return Child(
        name="temporal",
        argv=server_argv(programs, config),
        env=os.environ,
        log=log,
        probe=CommandProbe(tuple(health_argv(address))),
    )


@dataclass(frozen=True, slots=True)
class TemporalOnPostgres:
    """``log``: what the server says."""

    address: str
    cluster: Cluster
    server: Child
    log: Path

    @property
    def data(self) -> Path:
        return self.cluster.postgres.folder / "data"

    def write_pages(self) -> None:
        """What it knows is in its tables' files by then, not in its log of writes alone."""
        self.cluster.postgres.execute(_DATABASES[0], "CHECKPOINT")

    def end(self) -> None:
        """The server, and its PostgreSQL in order, so that everything either held is written."""
        self.server.kill()
        asyncio.run(self.cluster.stop())


@contextmanager
def running_temporal_on_postgres() -> Generator[TemporalOnPostgres]:
    """Its namespace is usable. No value in its tables is compressed."""
    with ExitStack() as exits:
        folder = Path(exits.enter_context(_folder("lethe-temporal-")))
        sql_port, *ports = reserved_ports(9)
        cluster = Cluster(make_cluster(Path(exits.enter_context(_folder("lethe-pg-"))), sql_port))
        exits.callback(cluster.child.kill)
        asyncio.run(cluster.start())
        programs = temporal_programs(Settings().cache)
        programs.prepare(sql_port, _USER)
        for database in _DATABASES:
            cluster.postgres.store_uncompressed(database)
        address, log = f"{HOST}:{ports[0]}", folder / "temporal.log"
        server = server_child(programs, write_config(folder, sql_port, _USER, ports), address, log)
        exits.callback(server.kill)
        asyncio.run(_served(server, address))
        yield TemporalOnPostgres(address, cluster, server, log)


async def _served(server: Child, address: str) -> None:
    server.start()
    await server.ready()
    await make_namespace(address)


def _folder(prefix: str) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
