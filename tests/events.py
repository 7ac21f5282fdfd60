"""Reading server-sent events, by the letter of the standard as far as Lethe writes them."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    kind: str
    data: dict[str, Any]


def event_of(block: str) -> Event | None:
    """A block between empty lines; None for a comment."""
    fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
    if not fields:
        return None
    assert fields.keys() == {"id", "event", "data"}
    return Event(int(fields["id"]), fields["event"], json.loads(fields["data"]))


def events_of(body: str) -> list[Event]:
    assert body.endswith("\n\n")
    return [event for block in body.removesuffix("\n\n").split("\n\n") if (event := event_of(block)) is not None]


async def read_events(response: httpx.Response) -> AsyncIterator[Event]:
    """Each event as it comes."""
    block: list[str] = []
    async for line in response.aiter_lines():
        if line:
            block.append(line)
            continue
        event = event_of("\n".join(block))
        block = []
        if event is not None:
            yield event


def kinds(events: Iterable[Event]) -> list[str]:
    return [event.kind for event in events]


def text_of(events: Iterable[Event]) -> str:
    """What a reader has on the screen before `done`."""
    said = ""
    for event in events:
        if event.kind in {"reset", "withdrawn"}:
            said = ""
        elif event.kind == "token":
            said += event.data["text"]
    return said
