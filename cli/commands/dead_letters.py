"""`lethe dead-letters` and `lethe retry`."""

import time
import uuid
from typing import Final

from cli.client import Client, connect
from cli.errors import CommandError, Exit
from cli.output import Json, Output, table
from lethe.settings import Settings

_LETTERS: Final = "/v1/dead-letters"
_POLL_SECONDS: Final = 0.5

Choice = dict[str, object]
"""The body of a decision on many: `{"all": true}` or filters."""


def list_letters(settings: Settings, output: Output, filters: dict[str, str], limit: int) -> None:
    """Print the newest dead letters, page by page up to the limit."""
    with connect(settings) as client:
        page = client.listed(_LETTERS, filters, limit)
    output.show(page, lambda: _text(page["items"]))


def show(settings: Settings, output: Output, letter_id: str) -> None:
    """Print one dead letter."""
    with connect(settings) as client:
        letter = client.get(f"{_LETTERS}/{letter_id}")
    output.show(letter, lambda: "\n".join(f"{name}: {value}" for name, value in letter.items() if value is not None))


def decide(settings: Settings, output: Output, action: str, letter_id: str | None, choice: Choice) -> None:
    """Retry or discard one letter, or all of a choice; waits until all of a choice were decided on."""
    if bool(letter_id) == bool(choice):
        raise CommandError("name one dead letter, or --all, --class, --code or --step", exit_code=Exit.USAGE)
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    with connect(settings) as client:
        if letter_id:
            done = client.post(f"{_LETTERS}/{letter_id}/{action}", {}, headers)
            output.show(done, lambda: f"{action}: document {done['document_id']}")
            return
        done = _followed(client, client.post(f"{_LETTERS}/{action}", choice, headers))
    output.show(done, lambda: f"{action}: {done['done']} of {done['matched']}, {done['skipped']} skipped")


def _followed(client: Client, resolution: Json) -> Json:
    while not resolution["finished_at"]:
        time.sleep(_POLL_SECONDS)
        resolution = client.get(f"{_LETTERS}/resolutions/{resolution['id']}")
    return resolution


def _text(items: list[Json]) -> str:
    if not items:
        return "no dead letters"
    rows = [("ID", "STATE", "CLASS", "CODE", "STEP", "PLACE", "DOCUMENT")]
    rows += [
        (
            *(str(item[name]) for name in ("id", "state", "failure_class", "code", "step")),
            _place(item),
            item["document_id"],
        )
        for item in items
    ]
    return table(rows)


def _place(item: Json) -> str:
    place: Json = item.get("place") or {}
    if place.get("page") is not None:
        return f"page {place['page']}"
    if place.get("first_chunk") is not None:
        return f"chunks {place['first_chunk']}..{place['last_chunk']}"
    return "-"
