"""The command line sends a request again that an API was killed over: its key stays claimed for a while."""

import uuid
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from cli.client import ApiError, Client

CLAIMS = 5
"""As many as the tries a busy API is given."""


class Claimed(BaseHTTPRequestHandler):
    """Answers as the API does while a key is claimed; free after so many tries."""

    tries: int
    free_after: int

    def do_POST(self) -> None:
        type(self).tries += 1
        is_free = self.tries > self.free_after
        body = b'{"taken": []}' if is_free else b'{"code": "idempotency_in_flight"}'
        self.send_response(202 if is_free else 409)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def claimed(free_after: int) -> Generator[tuple[str, type[Claimed]]]:
    handler = type("Handler", (Claimed,), {"tries": 0, "free_after": free_after})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", handler
        finally:
            server.shutdown()
            thread.join()


def _send(client: Client) -> dict[str, Any]:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    return client.patiently(lambda: client.post("/v1/ingestions", {}, key))


def test_a_claimed_key_is_tried_until_it_is_free() -> None:
    with claimed(CLAIMS) as (address, handler), Client(address, "key", claimed_seconds=120) as client:
        assert _send(client) == {"taken": []}
        assert handler.tries == CLAIMS + 1


def test_a_key_that_is_claimed_for_longer_than_a_claim_lasts_is_told() -> None:
    with claimed(1_000) as (address, handler), Client(address, "key", claimed_seconds=1.5) as client:
        with pytest.raises(ApiError, match="idempotency_in_flight"):
            _send(client)
        assert handler.tries > 1
