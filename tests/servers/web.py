"""A web site on loopback whose pages a test writes, and which tells what it was asked."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext

from cli.stack.ports import HOST


@dataclass(slots=True)
class Answer:
    """What a path answers; ``hangs_after``: says no more after so many bytes of the body."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    hangs_after: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]


class WebSite:
    """Pages by path and query. A page has an ETag of its bytes unless its answer brings its own headers."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self.port = 0
        self.has_head = True

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def put(self, path: str, body: bytes, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Answer(body, headers=named or {"etag": f'"{hashlib.sha256(body).hexdigest()[:16]}"'})

    def put_sitemap(self, *paths: str) -> None:
        urls = "".join(f"<url><loc>{self.url}{path}</loc></url>" for path in paths)
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        self.put("/sitemap.xml", f'<?xml version="1.0"?><urlset xmlns="{namespace}">{urls}</urlset>'.encode())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = lines[0].split(" ")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
                }
                self.asked.append(Asked(method, path, headers))
                await self._answer(writer, method, self._answer_of(method, path, headers))
        writer.close()

    def _answer_of(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        if method == "HEAD" and not self.has_head:
            return Answer(status=405)
        answer = self.pages.get(path, Answer(status=404))
        wanted = headers.get("if-match")
        if wanted and answer.status == 200 and wanted != answer.headers.get("etag"):
            return Answer(status=412)
        return answer

    async def _answer(self, writer: asyncio.StreamWriter, method: str, answer: Answer) -> None:
        said = {"content-length": str(len(answer.body)), "content-type": "text/html; charset=utf-8", **answer.headers}
        lines = [f"HTTP/1.1 {answer.status} .", *(f"{name}: {value}" for name, value in said.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        if method != "HEAD":
            writer.write(answer.body[: answer.hangs_after])
        await writer.drain()
        if method != "HEAD" and answer.hangs_after is not None:
            await asyncio.Event().wait()


@asynccontextmanager
async def web_site(tls: SSLContext | None = None) -> AsyncGenerator[WebSite]:
    """A site that answers 404 to everything but `pages`."""
    site = WebSite()
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await site.serve(reader, writer)
        finally:
            connections.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, HOST, 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
