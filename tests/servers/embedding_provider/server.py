"""The server itself: HTTP/1.1 by hand, because it must be able to break off and to drip."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.servers.embedding_provider import answers
from tests.servers.embedding_provider.behaviour import Behaviour, Kind, Script, Seen

_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_DRIP_EVERY = 0.1


class EmbeddingProvider:
    """Remembers every request. ``key`` is what it lets in; ``max_tokens`` the longest text it takes."""

    def __init__(self, *, dims: int = 384, key: str = "let-me-in", max_tokens: int = 8_191, latency: float = 0) -> None:
        self.dims = dims
        self.key = key
        self.max_tokens = max_tokens
        self.latency = latency
        self.script = Script()
        self.seen: list[Seen] = []
        self.most_at_once = 0
        self.port = 0
        self._at_once = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def will(self, *first: Behaviour, then: Behaviour | None = None) -> None:
        """Do these with the next requests, one each, and ``then`` with all that follow."""
        self.script = Script(first=list(first), then=then or Behaviour())

    def forget(self) -> None:
        """Behave, and remember nothing."""
        self.script, self.seen, self.most_at_once = Script(), [], 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open from request to request."""
        try:
            while not writer.is_closing():
                method, target, headers = _parsed(await reader.readuntil(b"\r\n\r\n"))
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                path = target.partition("?")[0]
                if path.startswith("/control/"):
                    _send(writer, 200, self._control(method, path, body))
                else:
                    await self._asked(writer, path, headers, json.loads(body))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client went away
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def _control(self, method: str, path: str, body: bytes) -> bytes:
        """PUT /control/script a Script; GET /control/requests; DELETE /control/requests forgets all."""
        if method == "PUT" and path == "/control/script":
            self.script = Script.model_validate_json(body)
        if method == "DELETE":
            self.forget()
        return json.dumps([one.model_dump() for one in self.seen]).encode()

    async def _asked(
        self, writer: asyncio.StreamWriter, path: str, headers: dict[str, str], body: dict[str, Any]
    ) -> None:
        texts = body[answers.INPUTS.get(path.rpartition("/v2/")[2], "input")]
        behaviour = self._next()
        key = headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        self.seen.append(
            Seen(
                at=time.monotonic(),
                path=path,
                model=body.get("model", ""),
                inputs=texts,
                input_type=body.get("input_type", ""),
                dimensions=body.get("dimensions", body.get("output_dimension")),
                authorized_by=key,
                did=behaviour.kind,
            )
        )
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self.latency)
            if self.key and key != self.key:
                _send(writer, 401, answers.error_body(path, 401, "invalid api key", "invalid_api_key"))
            elif problem := answers.refused(path, body, texts, self.max_tokens):
                _send(writer, 400, answers.error_body(path, 400, *problem))
            else:
                await self._answer(writer, path, body, texts, behaviour)
        finally:
            self._at_once -= 1

    def _next(self) -> Behaviour:
        if not self.script.first:
            return self.script.then
        behaviour, *rest = self.script.first
        self.script = Script(first=rest, then=self.script.then)
        return behaviour

    async def _answer(
        self, writer: asyncio.StreamWriter, path: str, body: dict[str, Any], texts: list[str], told: Behaviour
    ) -> None:
        kind = told.kind
        if kind is Kind.STATUS:
            headers = {"Retry-After": told.retry_after} if told.retry_after else {}
            _send(writer, told.status, answers.error_body(path, told.status, "as the script says"), headers)
        elif kind is Kind.RETRY_AFTER_DATE:
            moment = datetime.now(UTC) + timedelta(seconds=told.seconds)
            after = {"Retry-After": format_datetime(moment, usegmt=True)}
            _send(writer, 429, answers.error_body(path, 429, "slow down", "rate_limit_exceeded"), after)
        elif kind in {Kind.BAD_GATEWAY, Kind.PAGE}:
            _send(writer, 502 if kind is Kind.BAD_GATEWAY else 200, _HTML, {"Content-Type": "text/html"})
        elif kind is Kind.CONTEXT_LENGTH:
            message = "this model's maximum context length is 8192 tokens: too many tokens"
            _send(writer, 400, answers.error_body(path, 400, message, "context_length_exceeded"))
        elif kind is Kind.HANG:
            await asyncio.sleep(told.seconds)
            writer.close()
        elif path.endswith("/v2/rerank"):
            await _deliver(writer, answers.rerank_answer(body, kind), told)
        else:
            rows = answers.spoilt(
                answers.vectors(texts, body.get("dimensions") or body.get("output_dimension") or self.dims), kind
            )
            is_cohere = path.endswith("/v2/embed")
            payload = answers.cohere_answer(body, rows) if is_cohere else answers.openai_answer(body, rows, kind)
            await _deliver(writer, payload, told)


async def _deliver(writer: asyncio.StreamWriter, payload: bytes, told: Behaviour) -> None:
    if told.kind is Kind.CUT:
        writer.write(_head(200, len(payload), {}) + payload[: len(payload) // 2])
        await writer.drain()
        writer.close()
    elif told.kind is Kind.DRIP:
        writer.write(_head(200, len(payload), {}))
        steps = max(1, int(told.seconds / _DRIP_EVERY))
        size = -(-len(payload) // steps)
        for start in range(0, len(payload), size):
            writer.write(payload[start : start + size])
            await writer.drain()
            await asyncio.sleep(_DRIP_EVERY)
    else:
        writer.write(_head(200, len(payload), {}) + payload)


def _send(writer: asyncio.StreamWriter, status: int, payload: bytes, headers: dict[str, str] | None = None) -> None:
    writer.write(_head(status, len(payload), headers or {}) + payload)


def _head(status: int, length: int, headers: dict[str, str]) -> bytes:
    fields = {"Content-Type": "application/json", "Content-Length": str(length), **headers}
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _parsed(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    fields = (line.partition(":") for line in lines if line)
    return method, target, {name.lower(): value.strip() for name, _, value in fields}


@asynccontextmanager
async def running_provider(port: int = 0, **options: Any) -> AsyncGenerator[EmbeddingProvider]:
    """Serving on the loopback; ``options`` are the EmbeddingProvider's. Port 0: a free one."""
    provider = EmbeddingProvider(**options)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(provider.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
