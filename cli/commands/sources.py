"""`lethe sources ...` against the API."""

import time
import uuid
from typing import Final

from cli.client import Client, connect
from cli.errors import Exit
from cli.output import Json, Output, table
from lethe.settings import Settings

PATH: Final = "/v1/sources"
_RESTING: Final = frozenset({"done", "failed", "needs_attention"})
_PAUSE_SECONDS: Final = 1.0
_ROUNDS_SHOWN: Final = 10
_COUNTS: Final = ("listed", "added", "updated", "skipped", "deleted", "failed", "suppressed")


def add(settings: Settings, output: Output, wish: Json) -> None:
    with connect(settings) as client:
        made = client.post(PATH, wish, {"Idempotency-Key": str(uuid.uuid4())})
    output.show(made, lambda: f"{made['id']} is registered; `lethe sources sync {made['id']}` makes a round")


def list_sources(settings: Settings, output: Output, limit: int) -> None:
    with connect(settings) as client:
        page = client.listed(PATH, {}, limit)
    output.show(page, lambda: sources_text(page["items"]))


def show(settings: Settings, output: Output, source_id: str) -> None:
    with connect(settings) as client:
        source = client.get(f"{PATH}/{source_id}")
        rounds = client.listed(f"{PATH}/{source_id}/syncs", {}, _ROUNDS_SHOWN)["items"]
    told = f"{sources_text([source])}\n\n{rounds_text(rounds)}" if rounds else sources_text([source])
    output.show({**source, "syncs": rounds}, lambda: told)


def change(settings: Settings, output: Output, source_id: str, wish: Json, filters: Json) -> None:
    """Say what ``wish`` has; of the filters, which are sent as a whole, what ``filters`` has."""
    path = f"{PATH}/{source_id}"
    with connect(settings) as client:
        if filters:
            wish = {**wish, "filters": {**(client.get(path)["filters"] or {}), **filters}}
        changed = client.patch(path, wish)
    output.show(changed, lambda: sources_text([changed]))


def sync(settings: Settings, output: Output, source_id: str, wait_seconds: float, *, dry_run: bool) -> int:
    """The exit code."""
    with connect(settings) as client:
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        ordered = client.post(f"{PATH}/{source_id}/sync", {"dry_run": dry_run}, headers)
        made = _waited(client, source_id, ordered, wait_seconds)
    output.show(made, lambda: rounds_text([made]) + _advice(made))
    if wait_seconds and made["state"] not in _RESTING:
        return Exit.UNFINISHED
    return Exit.FAILED if made["state"] in {"failed", "needs_attention"} else Exit.OK


def resolve(settings: Settings, output: Output, source_id: str, sync_id: str, action: str) -> None:
    with connect(settings) as client:
        decided = client.post(f"{PATH}/{source_id}/syncs/{sync_id}/resolve", {"action": action})
    output.show(decided, lambda: f"{sync_id} goes on: {action}")


def steer(settings: Settings, output: Output, action: str, source_id: str) -> None:
    with connect(settings) as client:
        schedule = client.post(f"{PATH}/{source_id}/{action}", {})
    output.show(schedule, lambda: schedules_text([schedule]))


def schedules(settings: Settings, output: Output, limit: int) -> None:
    with connect(settings) as client:
        page = client.listed("/v1/schedules", {}, limit)
    output.show(page, lambda: schedules_text(page["items"]))


def delete(settings: Settings, output: Output, source_id: str, documents: str) -> None:
    with connect(settings) as client:
        source = client.delete(f"{PATH}/{source_id}?documents={documents}")
    output.show(source, lambda: f"{source_id} is being deleted; {documents} its documents")


def sources_text(sources: list[Json]) -> str:
    """One line each; one that is overdue says so, or that a round of it asks."""
    rows = [
        (each["id"], each["kind"], _state(each), each["last_good_at"] or "never", each["address"] or "")
        for each in sources
    ]
    return table([("ID", "KIND", "STATE", "LAST GOOD", "ADDRESS"), *rows])


def _state(source: Json) -> str:
    if source["state"] != "active":
        return str(source["state"])
    if source["asking_sync_id"]:
        return "asks"
    return "overdue" if source["is_overdue"] else "active"


def rounds_text(rounds: list[Json]) -> str:
    """One line each, with what came of it."""
    rows = [("ID", "BY", "STATE", *(name.upper() for name in _COUNTS), "CODE")]
    for each in rounds:
        by = f"{each['trigger']} (dry)" if each["is_dry_run"] else each["trigger"]
        counts = ["" if each[name] is None else str(each[name]) for name in _COUNTS]
        rows.append((each["id"], by, each["state"], *counts, each["code"]))
    return table(rows)


def schedules_text(schedules: list[Json]) -> str:
    """One line each; who paused one stands where its next run would."""
    rows = [("ID", "WHAT", "NEXT RUN", "LAST RUN")]
    for each in schedules:
        paused = f"paused by {each['paused_by']}"
        rows.append(
            (
                each["id"],
                each["what"],
                paused if each["is_paused"] else each["next_run_at"] or "none",
                each["last_run_at"] or "never",
            )
        )
    return table(rows)


def _waited(client: Client, source_id: str, ordered: Json, wait_seconds: float) -> Json:
    until = time.monotonic() + wait_seconds
    while ordered["state"] not in _RESTING and time.monotonic() < until:
        time.sleep(_PAUSE_SECONDS)
        ordered = client.get(f"{PATH}/{source_id}/syncs/{ordered['id']}")
    return ordered


def _advice(made: Json) -> str:
    if made["state"] != "needs_attention":
        return ""
    return (
        f"\n{made['vanished']} of {made['known']} items have vanished: "
        f"`lethe sources resolve {made['source_id']} {made['id']} delete` or `keep`"
    )
