"""`lethe ask` and a server that cuts its answers: taken up after the last event that came."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from cli.client import Client, Unreachable
from cli.events import Event, answer_events

DONE = json.dumps({"answer": "Blue."})


class Cutting(BaseHTTPRequestHandler):
    """Sends one part of ``parts`` a request, then hangs up in the middle of what it announced."""

    protocol_version = "HTTP/1.1"
    parts: list[str]
    asked: list[tuple[str | None, str | None]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append((self.headers["Idempotency-Key"], self.headers["Last-Event-ID"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(self.parts.pop(0).encode())
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def cutting(*parts: str) -> Generator[tuple[Client, type[Cutting]]]:
    handler = type("Handler", (Cutting,), {"parts": [*parts], "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        with Client(f"http://127.0.0.1:{server.server_port}", "key") as client:
            yield client, handler
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def heard(client: Client) -> list[Event]:
    return list(answer_events(client, "/v1/query", {"question": "?"}, "k1"))


def test_a_stream_that_breaks_is_taken_up_under_the_same_key() -> None:
    first = 'id: 2\nevent: token\ndata: {"text": "Bl"}\n\n: keep-alive\n\nid: 3\nevent: tok'
    rest = f'id: 3\nevent: token\ndata: {{"text": "ue."}}\n\nid: 4\nevent: done\ndata: {DONE}\n\n'
    with cutting(first, rest) as (client, server):
        assert [(event.id, event.kind) for event in heard(client)] == [("2", "token"), ("3", "token"), ("4", "done")]
        assert server.asked == [("k1", None), ("k1", "2")]


def test_a_stream_that_never_begins_is_no_api() -> None:
    with cutting("") as (client, server):
        with pytest.raises(Unreachable):
            heard(client)
        assert len(server.asked) == 1
