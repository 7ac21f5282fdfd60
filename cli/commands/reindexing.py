"""`lethe reindex`: what a change of the pipeline affects, and making that anew."""

import time
import uuid
from collections.abc import Sequence
from typing import Final

from cli.client import Client, connect
from cli.errors import Exit
from cli.output import Json, Output, say, table
from lethe.settings import Settings

UNTIL_DONE: Final = float("inf")
_PATH: Final = "/v1/reindex"
_PAUSE_SECONDS: Final = 1.0
_PARTS: Final = ("parser", "chunker", "policy")


def begin(settings: Settings, output: Output, reasons: Sequence[str], wait_seconds: float, *, dry_run: bool) -> Exit:
    """Count what is affected; make it anew unless that is all that is wanted."""
    wish: Json = {"dry_run": dry_run, "reasons": [str(each) for each in reasons] or None}
    with connect(settings) as client:
        body = client.post(_PATH, wish, {"Idempotency-Key": str(uuid.uuid4())})
        return _watched(client, output, body, wait_seconds)


def status(settings: Settings, output: Output, reindex_id: str, wait_seconds: float) -> Exit:
    """Print one round, now or when it is done."""
    with connect(settings) as client:
        return _watched(client, output, client.get(f"{_PATH}/{reindex_id}"), wait_seconds)


def list_rounds(settings: Settings, output: Output, limit: int) -> None:
    """Print the newest ones."""
    with connect(settings) as client:
        page = client.listed(_PATH, {}, limit)
    output.show(page, lambda: _list_text(page["items"]))


def round_text(body: Json) -> str:
    """What it is about is said first."""
    what = "estimate" if body["dry_run"] else "round"
    by = ", ".join(f"{name} {body[name]:,}" for name in _PARTS if body[name])
    cost = f"{body['cost_micros'] / 1_000_000:.2f} {body['currency']}"
    lines = [
        f"{what} {body['id']} is {body['state']}",
        f"{body['matched']:,} documents are affected" + (f" ({by})" if by else ""),
        f"{body['chunks']:,} chunks, {body['tokens']:,} tokens, at most {cost}, about {body['seconds']:,.0f} s",
    ]
    return "\n".join(lines if body["dry_run"] else [*lines, _progress(body)])


def _progress(body: Json) -> str:
    return f"{body['begun']:,} begun, {body['skipped']:,} skipped, {body['failed']:,} failed"


def _list_text(items: Sequence[Json]) -> str:
    if not items:
        return "nothing was made anew yet"
    names = ("id", "state", "matched", "begun", "failed", "created_at")
    rows = [(*(name.upper() for name in names), "")]
    rows += [(*(str(each[name]) for name in names), "estimate" if each["dry_run"] else "") for each in items]
    return table(rows)


def _watched(client: Client, output: Output, body: Json, wait_seconds: float) -> Exit:
    until, said = time.monotonic() + wait_seconds, ""
    while body["state"] != "done" and time.monotonic() < until:
        if not body["dry_run"] and (told := _progress(body)) != said:
            said = told
            say(told)
        time.sleep(_PAUSE_SECONDS)
        body = client.get(f"{_PATH}/{body['id']}")
    output.show(body, lambda: round_text(body))
    if wait_seconds and body["state"] != "done":
        return Exit.UNFINISHED
    return Exit.SOME_FAILED if body["failed"] else Exit.OK
