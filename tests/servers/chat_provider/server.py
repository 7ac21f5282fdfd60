"""The stand-in itself: remembers every request and does with it what it was told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.servers.chat_provider.behaviours import BEHAVIOURS
from tests.servers.chat_provider.connection import Connection
from tests.servers.chat_provider.protocols import Protocol, Vendor, joined


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    vendor: Vendor
    path: str
    body: dict[str, Any]
    key: str
    did: str


class ChatProvider:
    """``will`` names what it does next, one a request; then, and after ``forget``, it behaves."""

    def __init__(self, key: str = "let-me-in") -> None:
        self.key = key
        self.seen: list[Seen] = []
        self.port = 0
        self.connections = 0
        self._script: list[str] = []
        self._texts: list[str] = []
        self._usual = ""
        self._then = "ok"
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def will(self, *first: str, then: str = "ok") -> None:
        """Raises KeyError for a behaviour that does not exist."""
        for name in (*first, then):
            BEHAVIOURS[name]
        self._script, self._then = list(first), then

    def will_say(self, *texts: str, then: str = "") -> None:
        """Where it behaves, one a request, each in one piece; empty: its usual answer."""
        self._texts, self._usual = list(texts), then

    def forget(self) -> None:
        self.will()
        self.will_say()
        self.seen.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open from request to request."""
        task = asyncio.current_task()
        assert task is not None
        self.connections += 1
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while not writer.is_closing():
                await self._one(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def stop(self) -> None:
        """End what still hangs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        path = head[0].split(" ")[1]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))))
        vendor = _vendor(path)
        key = headers.get("x-api-key") or headers.get("api-key") or headers.get("authorization", "")
        key = key.removeprefix("Bearer ")
        did = (self._script.pop(0) if self._script else self._then) if key == self.key else "unauthorized"
        self.seen.append(Seen(vendor, path, body, key, did))
        protocol = Protocol(vendor, str(body.get("model", "")), int(body["max_tokens"]))
        said = (self._texts.pop(0) if self._texts else self._usual) if did == "ok" else ""
        if said:
            await Connection(writer).stream(joined(protocol.begin(), protocol.texts([said]), protocol.end()))
            return
        await BEHAVIOURS[did](Connection(writer), protocol)


def _vendor(path: str) -> Vendor:
    if path.startswith("/v2/chat"):
        return Vendor.COHERE
    if path.startswith("/v1/messages"):
        return Vendor.ANTHROPIC
    return Vendor.AZURE if path.startswith("/openai/") else Vendor.OPENAI


@asynccontextmanager
async def running_chat_provider(port: int = 0, **options: Any) -> AsyncGenerator[ChatProvider]:
    """A stand-in on a port of its own."""
    provider = ChatProvider(**options)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", port)
    provider.port = server.sockets[0].getsockname()[1]
    async with server:
        yield provider
        await provider.stop()
