"""Server-sent events of an answer, taken up again where the connection broke."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cli.client import Client, Unreachable

_ENDS: Final = frozenset({"done", "error"})
_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class Event:
    """``kind`` is token, citation, reset, withdrawn, done or error."""

    id: str
    kind: str
    data: dict[str, Any]


def answer_events(client: Client, path: str, body: Mapping[str, object], idempotency_key: str) -> Iterator[Event]:
    """Until `done` or `error`. Asked again with its key, the question is joined, not repeated.

    Raises Unreachable, ApiError.
    """
    headers = {"Accept": "text/event-stream", "Idempotency-Key": idempotency_key}
    attempt = 1
    while True:
        try:
            with client.streamed(path, body, headers) as lines:
                for event in _events(lines):
                    attempt, headers["Last-Event-ID"] = 1, event.id
                    yield event
                    if event.kind in _ENDS:
                        return
        except Unreachable:
            if "Last-Event-ID" not in headers or attempt == _ATTEMPTS:
                raise
        time.sleep(2.0**attempt / 4)
        attempt += 1


def _events(lines: Iterable[str]) -> Iterator[Event]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield Event(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}
        else:
            fields = {}  # a comment
