"""A PostgreSQL of a test's own, which it stops and starts again to see what is on disk by then."""

import asyncio
import os
import signal
from pathlib import Path

from cli.stack.probes import CommandProbe
from tests.chaos.children import Child
from tests.servers.postgres import Postgres


def postgres_child(postgres: Postgres) -> Child:
    return Child(
        name="postgres",
        argv=postgres.argv,
        env=os.environ,
        log=postgres.folder / "log",
        probe=CommandProbe(tuple(postgres.ready_argv)),
        user=postgres.user,
    )


class Cluster:
    """One server and its data folder."""

    def __init__(self, postgres: Postgres) -> None:
        self.postgres = postgres
        self.child = postgres_child(postgres)

    async def start(self) -> None:
        self.child.start()
        await self.child.ready()

    async def stop(self) -> None:
        """As an operator does: in order, without loss."""
        pid = int((self.postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGINT)
        while self.child.is_alive:
            await asyncio.sleep(0.05)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def holding(self, word: str) -> set[str]:
        """The parts of the data folder with files that hold the word."""
        return holding(self.postgres.folder / "data", word)


def holding(folder: Path, word: str) -> set[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).parts[0] for path in files if word.encode() in path.read_bytes()}
