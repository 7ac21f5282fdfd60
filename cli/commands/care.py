"""`lethe audit` and `lethe quarantine`."""

import time
from typing import Final

from cli.client import Client, connect
from cli.errors import CommandError, Exit
from cli.output import Json, Output, table
from lethe.settings import Settings

_PAUSE_SECONDS: Final = 0.5


def wait_done(client: Client, path: str, wait_seconds: float) -> Json:
    """Ask until the work at the path is done. Raises CommandError, UNFINISHED, when it takes longer."""
    deadline = time.monotonic() + wait_seconds
    while (body := client.get(path))["state"] != "done":
        if time.monotonic() > deadline:
            advice = "see it in the Temporal UI, or ask again later"
            raise CommandError(f"{path} is still running", advice=advice, exit_code=Exit.UNFINISHED)
        time.sleep(_PAUSE_SECONDS)
    return body


def audit(settings: Settings, output: Output, wait_seconds: float) -> Exit:
    """Compare the stores with the ledger and put right what differs; FAILED if something differed."""
    with connect(settings) as client:
        body = client.post("/v1/audits", {})
        body = wait_done(client, f"/v1/audits/{body['id']}", wait_seconds) if wait_seconds else body
    output.show(body, lambda: _audit_text(body))
    differs = any(count["orphans"] or count["holes"] or count["stale"] for count in body["counts"])
    return Exit.FAILED if differs else Exit.OK


def quarantine(settings: Settings, output: Output, wish: Json) -> None:
    """Hide documents from every read."""
    with connect(settings) as client:
        body = client.post("/v1/quarantines", wish)
    output.show(body, lambda: f"{body['id']} hides {body['documents']} documents")


def lift(settings: Settings, output: Output, quarantine_id: str) -> None:
    """End a quarantine."""
    with connect(settings) as client:
        body = client.delete(f"/v1/quarantines/{quarantine_id}")
    output.show(body, lambda: f"{quarantine_id} is lifted")


def quarantines(settings: Settings, output: Output) -> None:
    """Print the newest quarantines that are in force."""
    with connect(settings) as client:
        page = client.get("/v1/quarantines", {"limit": 200})
    output.show(page, lambda: _quarantines_text(page["items"]))


def _audit_text(body: Json) -> str:
    if not body["counts"]:
        return f"audit {body['id']} is {body['state']}"
    names = ("store", "expected", "found", "orphans", "holes", "stale", "repaired", "refused")
    rows = [tuple(name.upper() for name in names)]
    rows += [tuple(str(count[name]) for name in names) for count in body["counts"]]
    return table(rows)


def _quarantines_text(items: list[Json]) -> str:
    if not items:
        return "nothing is in quarantine"
    rows = [("ID", "REASON", "DOCUMENTS", "WHAT")]
    rows += [
        (
            str(item["id"]),
            str(item["reason"]),
            str(item["documents"]),
            str(item["document_id"] or item["ingestion_id"] or item["source_prefix"]),
        )
        for item in items
    ]
    return table(rows)
