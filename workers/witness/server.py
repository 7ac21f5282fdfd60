"""The witness's wire: a few calls over HTTP, each under one lock, for whoever has the token."""

import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from pydantic import TypeAdapter, ValidationError

from lethe.errors import CheckpointRefused, LetheError, Unauthenticated
from lethe.ports.witness import Advance
from lethe.privacy.certificates.notes import b64
from lethe.privacy.certificates.witnessing import Burial, WitnessState

logger = logging.getLogger("lethe.witness")

PAGE: Final = 5_000
_MOST_BYTES: Final = 64 * 1024 * 1024
_ADVANCE: Final = TypeAdapter(Advance)

Query = dict[str, str]


class WitnessCalls:
    """What can be asked, by method and path."""

    def __init__(self, state: WitnessState) -> None:
        self._state = state
        self._lock = Lock()
        self._calls: dict[str, Callable[[Query, bytes], dict[str, Any]]] = {
            "GET /head": self._head,
            "GET /leaves": self._leaves,
            "GET /tombstones": self._tombstones,
            "POST /checkpoints": self._cosign,
            "POST /tombstones": self._bury,
        }

    def answer(self, call: str, query: Query, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and body."""
        asked = self._calls.get(call)
        if asked is None:
            return 404, {"code": "not_found", "detail": ""}
        try:
            with self._lock:
                return 200, asked(query, body)
        except (ValidationError, ValueError, KeyError):
            return 400, {"code": CheckpointRefused.code, "detail": "not what the witness can be asked"}
        except LetheError as error:
            logger.warning("refused", extra={"code": error.code})
            return error.status, {"code": error.code, "detail": error.detail}

    def _head(self, query: Query, _body: bytes) -> dict[str, Any]:
        return asdict(self._state.head(query["origin"]))

    def _leaves(self, query: Query, _body: bytes) -> dict[str, Any]:
        found = self._state.leaves(query["origin"], int(query["begin"]), PAGE)
        return {"leaves": [b64(leaf) for leaf in found]}

    def _tombstones(self, query: Query, _body: bytes) -> dict[str, Any]:
        found = self._state.tombstones(query["origin"], int(query["begin"]), PAGE)
        return {"tombstones": [asdict(each) for each in found]}

    def _cosign(self, _query: Query, body: bytes) -> dict[str, Any]:
        return {"line": self._state.cosign(_ADVANCE.validate_json(body))}

    def _bury(self, _query: Query, body: bytes) -> dict[str, Any]:
        given = Burial.model_validate_json(body)
        self._state.bury(given.origin, given.tombstones)
        return {}


def make_server(host: str, port: int, token: str, calls: WitnessCalls) -> ThreadingHTTPServer:
    """Listens already; `serve_forever` answers. `/health` alone needs no token."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_GET(self) -> None:
            self._serve(b"")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > _MOST_BYTES:
                self.close_connection = True
                self._reply(413, {"code": "payload_too_large", "detail": ""})
                return
            self._serve(self.rfile.read(length))

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: what was refused is logged with its code."""

        def _serve(self, body: bytes) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/health":
                self._reply(200, {})
            elif not hmac.compare_digest(self.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
                self._reply(401, {"code": Unauthenticated.code, "detail": ""})
            else:
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self._reply(*calls.answer(f"{self.command} {parts.path}", query, body))

        def _reply(self, status: int, found: dict[str, Any]) -> None:
            body = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server
