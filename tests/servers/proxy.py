"""A TCP proxy in front of one server, which tests cut, hold up or close as a network does."""

import asyncio
from pathlib import Path

from cli.stack.ports import HOST

_PIECE = 64 * 1024


class Link:
    """Passes bytes both ways between `127.0.0.1:port` and the server, until it is told otherwise.

    ``upstream``: a port on loopback, or the path of a Unix socket.
    """

    def __init__(self, upstream: int | Path) -> None:
        self.port = 0
        self._upstream = upstream
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen: on a free port the first time, on the same one ever after."""
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def sever(self) -> int:
        """Reset every open connection; new ones are accepted. Returns how many there were."""
        cut = len(self._open) // 2
        for writer in list(self._open):
            writer.transport.abort()
        return cut

    def hang(self) -> None:
        """Accept connections and bytes, pass none on, until `open`."""
        self._flows.clear()

    def refuse(self) -> None:
        """Refuse connections, and reset those there are, until `open`."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.sever()

    async def close(self) -> None:
        self.refuse()
        self._flows.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._join(reader, writer)
        finally:
            self._tasks.discard(task)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await self._connect()
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, Path):
            return await asyncio.open_unix_connection(str(self._upstream))
        return await asyncio.open_connection(HOST, self._upstream)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, to its end; then the other end is told."""
        try:
            while data := await reader.read(_PIECE):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            writer.transport.abort()
        else:
            writer.close()
