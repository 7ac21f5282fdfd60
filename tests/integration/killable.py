"""Temporal and Weaviate of a module's own, killed and started again on their data, and a worker beside them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.stack.ports import HOST
from cli.stack.weaviate import ensure_binary
from lethe.settings import Settings
from tests.chaos.children import Child, temporal_child
from tests.integration.installation import Installation, WorkerProcess, installation
from tests.servers.ports import reserved_ports
from tests.servers.weaviate import WeaviateServer, weaviate_server_at


@dataclass
class Killable:
    """An installation whose servers may die. One worker at most runs at a time."""

    installed: Installation
    temporal: Child
    weaviate: WeaviateServer
    _worker: WorkerProcess | None = None

    def work(self) -> None:
        """Start a worker."""
        self._worker = self.installed.worker()

    async def kill_worker(self) -> None:
        assert self._worker
        self._worker.process.kill()
        await asyncio.to_thread(self._worker.process.wait)
        self.work()

    async def kill_temporal(self) -> None:
        self.temporal.kill()
        self.temporal.start()
        await self.temporal.ready()
        await self._revive()

    async def kill_weaviate(self) -> None:
        self.weaviate.kill()
        await asyncio.to_thread(self.weaviate.start)
        await self._revive()

    async def rest(self) -> None:
        """Stop the worker, as a supervisor does."""
        if self._worker is not None:
            await self._worker.__aexit__()
            self._worker = None

    async def _revive(self) -> None:
        """What `lethe up` does with a worker that gave up."""
        if self._worker is not None and self._worker.process.poll() is not None:
            self.work()


@asynccontextmanager
async def killable(base: Settings, folder: Path) -> AsyncGenerator[Killable]:
    """``base`` names SQL and the state; the servers' data are in the folder."""
    port = reserved_ports(1)[0]
    server = temporal_child(folder, folder, port)
    with weaviate_server_at(ensure_binary(Settings().cache, print)) as weaviate:
        server.start()
        try:
            await asyncio.to_thread(weaviate.start)
            await server.ready()
            async with installation(base, f"{HOST}:{port}", weaviate.settings) as installed:
                yield Killable(installed, server, weaviate)
        finally:
            server.kill()
