"""`lethe ingestions`: bulk ingestions, how far they are, and steering them."""

import uuid
from typing import Final

from cli.client import connect
from cli.output import Json, Output, table
from lethe.settings import Settings

_INGESTIONS: Final = "/v1/ingestions"
_FAILURES: Final = 50
"""How many documents that failed are shown, and how many that were refused."""
_COUNTS: Final = ("total", "done", "added", "updated", "skipped", "failed", "lost")


def list_ingestions(settings: Settings, output: Output, limit: int) -> None:
    """Print the newest ingestions, page by page up to the limit."""
    with connect(settings) as client:
        page = client.listed(_INGESTIONS, {}, limit)
    output.show(page, lambda: _list_text(page["items"], has_more=bool(page["next_cursor"])))


def show(settings: Settings, output: Output, ingestion_id: str) -> None:
    """Print one ingestion, and the first of its documents that failed or were refused."""
    place = f"{_INGESTIONS}/{ingestion_id}"
    with connect(settings) as client:
        ingestion = client.get(place)
        failures: list[Json] = []
        has_more = False
        if ingestion["failed"]:
            for status in ("failed", "refused"):
                page = client.listed(f"{place}/documents", {"status": status}, _FAILURES)
                failures += page["items"]
                has_more = has_more or bool(page["next_cursor"])
    shown = {**ingestion, "failures": failures, "has_more_failures": has_more}
    output.show(shown, lambda: _text(ingestion, failures, has_more=has_more))


def steer(settings: Settings, output: Output, action: str, ingestion_id: str) -> None:
    """Pause, resume or cancel one ingestion."""
    with connect(settings) as client:
        body = client.post(f"{_INGESTIONS}/{ingestion_id}/{action}", {}, {"Idempotency-Key": str(uuid.uuid4())})
    output.show(body, lambda: f"{ingestion_id} is {body['state']}: {body['done']} of {body['total']} done")


def _list_text(items: list[Json], *, has_more: bool) -> str:
    if not items:
        return "no ingestions"
    rows = [("ID", "STATE", *(name.upper() for name in _COUNTS), "CREATED")]
    rows += [
        (str(item["id"]), str(item["state"]), *(str(item[name]) for name in _COUNTS), str(item["created_at"]))
        for item in items
    ]
    return table(rows) + ("\nthere are more: raise --limit" if has_more else "")


def _text(ingestion: Json, failures: list[Json], *, has_more: bool) -> str:
    lines = [f"{name}: {value}" for name, value in ingestion.items() if value is not None]
    lines += [f"  {each['name']}: {each['code']}" for each in failures]
    if has_more:
        lines.append(f"there are more: GET {_INGESTIONS}/{ingestion['id']}/documents?status=failed, and status=refused")
    return "\n".join(lines)
