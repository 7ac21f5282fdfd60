"""`lethe erase`: forgetting a person, over the API."""

from collections.abc import Sequence
from typing import BinaryIO, Final

from cli.client import connect
from cli.output import Json, Output, table
from lethe.settings import Settings

_PATH: Final = "/v1/erasures"
_TIMES: Final = ("accepted", "fenced", "discovered", "deleted", "purged", "verified", "certified", "ended")
_COLUMNS: Final = ("store", "located", "erased", "held", "remaining", "method", "purge")
_WAITS: Final = {
    "awaiting_approval": "another principal must approve it: LETHE_ADMIN_KEY=<their key> lethe erase approve <id>",
    "in_review": "somebody should look at its findings, GET /v1/erasures/<id>/findings: silence means that they go",
    "deleted": "another look follows when no writer of before can run: erasure.drain_seconds",
    "purging": "until the indexes are built anew",
    "verifying": "without a witness it stays so",
    "certified": "lethe erase certificate hands over the document",
}
"""What comes next, or who has to do something."""


def start(settings: Settings, output: Output, wish: Json) -> None:
    """Ask for an erasure."""
    with connect(settings) as client:
        body = client.post(_PATH, wish)
    kept = "keep this nonce: with it the certificate shows whom it is about, and it is forgotten here"
    output.show(body, lambda: f"{erasure_text(body)}\n{kept}\nnonce: {body['nonce']}")


def status(settings: Settings, output: Output, erasure_id: str) -> None:
    """Print how far one is."""
    with connect(settings) as client:
        body = client.get(f"{_PATH}/{erasure_id}")
    output.show(body, lambda: erasure_text(body))


def decide(settings: Settings, output: Output, erasure_id: str, action: str, wish: Json | None = None) -> None:
    """Approve, hold, release or cancel one."""
    with connect(settings) as client:
        body = client.post(f"{_PATH}/{erasure_id}/{action}", wish or {})
    output.show(body, lambda: erasure_text(body))


def certificate(settings: Settings, erasure_id: str, number: int, file: BinaryIO) -> None:
    """Hand one over, byte for byte."""
    with connect(settings) as client:
        data = client.download(f"{_PATH}/{erasure_id}/certificate", {"number": number})
    # The file is opened by the first use of it: one that is there is replaced only when there is something to write.
    file.write(data)


def keys(settings: Settings, output: Output) -> None:
    """Print what certificates are checked with."""
    with connect(settings) as client:
        body = client.get("/v1/log/checkpoint")
    witness = body["witness_key"] or "none before the first certificate"
    output.show(body, lambda: f"--log-key {body['log_key']}\n--witness-key {witness}")


def list_erasures(settings: Settings, output: Output, state: str | None, limit: int) -> None:
    """Print the newest ones."""
    with connect(settings) as client:
        page = client.listed(_PATH, {"state": state} if state else {}, limit)
    output.show(page, lambda: _list_text(page["items"]))


def erasure_text(body: Json) -> str:
    """One erasure with what its stores said."""
    waits = {**_WAITS, "held": f"{body['hold_reason']}; lethe erase release <id> lets it go on"}
    lines = [f"{body['id']} is {body['state']}" + (f" ({waits[body['state']]})" if body["state"] in waits else "")]
    linked = f"linked to {body['documents']} documents when it was asked for"
    if body["state"] == "held" and any(each["erased"] for each in body["stores"]):
        lines.append("what was erased before the hold is below: it cannot be brought back")
    lines.append(f"{linked}; round {body['rounds']}, due {body['deadline_at']}")
    lines += [f"{name}: {body[f'{name}_at']}" for name in _TIMES if body[f"{name}_at"]]
    if body["stores"]:
        rows = [tuple(name.upper() for name in (*_COLUMNS, "until"))]
        rows += [(*(str(each[name]) for name in _COLUMNS), _until(each)) for each in body["stores"]]
        lines.append(table(rows))
    return "\n".join(lines)


def _until(store: Json) -> str:
    """The day on which what ages out is gone."""
    return str(store["horizon_at"])[:10] if store["purge"] == "ages_out" else ""


def _list_text(items: Sequence[Json]) -> str:
    if not items:
        return "nobody is being erased, and nobody was"
    rows = [("ID", "STATE", "DOCUMENTS", "CREATED", "DUE")]
    rows += [
        (str(each["id"]), str(each["state"]), str(each["documents"]), str(each["created_at"]), str(each["deadline_at"]))
        for each in items
    ]
    return table(rows)
