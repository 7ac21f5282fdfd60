"""HTTP/1.1 by hand, because it must be able to break off, to drip and to lie."""

import asyncio
import socket
import struct
from collections.abc import Mapping

SSE = "text/event-stream"


class Connection:
    """One request's way back."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def status(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """A whole answer."""
        fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        await self.raw(_head(status, fields) + body)

    async def head(self, content_type: str = SSE, headers: Mapping[str, str] | None = None) -> None:
        """200, and chunks follow."""
        fields = {"Content-Type": content_type, "Transfer-Encoding": "chunked", **(headers or {})}
        await self.raw(_head(200, fields))

    async def chunk(self, data: bytes) -> None:
        if data:
            await self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def end(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def stream(self, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        """200 with all of it, properly ended."""
        await self.head(headers=headers)
        await self.chunk(data)
        await self.end()

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        """As a server that ends: FIN."""
        self._writer.close()

    def reset(self) -> None:
        """As one that dies: RST."""
        given = self._writer.get_extra_info("socket")
        given.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def hang(self, seconds: float = 60.0) -> None:
        await asyncio.sleep(seconds)
        self.close()


def _head(status: int, fields: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
