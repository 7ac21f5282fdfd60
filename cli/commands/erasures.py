"""`lethe erase`: forgetting a person, over the API."""

from collections.abc import Sequence
from typing import Final

from cli.client import connect
from cli.output import Json, Output, table
from lethe.settings import Settings

_PATH: Final = "/v1/erasures"
_TIMES: Final = ("accepted", "fenced", "discovered", "deleted", "purged", "verified", "certified", "ended")


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


def list_erasures(settings: Settings, output: Output, state: str | None, limit: int) -> None:
    """Print the newest ones."""
    with connect(settings) as client:
        page = client.listed(_PATH, {"state": state} if state else {}, limit)
    output.show(page, lambda: _list_text(page["items"]))


def erasure_text(body: Json) -> str:
    """One erasure with what its stores said."""
    waits = {"awaiting_approval": "another principal must approve it", "held": f"held: {body['hold_reason']}"}
    lines = [f"{body['id']} is {body['state']}" + (f" ({waits[body['state']]})" if body["state"] in waits else "")]
    lines.append(f"{body['documents']} documents, round {body['rounds']}, due {body['deadline_at']}")
    lines += [f"{name}: {body[f'{name}_at']}" for name in _TIMES if body[f"{name}_at"]]
    if body["stores"]:
        names = ("store", "located", "erased", "held", "remaining", "method", "purge")
        rows = [tuple(name.upper() for name in names)]
        rows += [tuple(str(each[name]) for name in names) for each in body["stores"]]
        lines.append(table(rows))
    return "\n".join(lines)


def _list_text(items: Sequence[Json]) -> str:
    if not items:
        return "nobody is being erased, and nobody was"
    rows = [("ID", "STATE", "DOCUMENTS", "CREATED", "DUE")]
    rows += [
        (str(each["id"]), str(each["state"]), str(each["documents"]), str(each["created_at"]), str(each["deadline_at"]))
        for each in items
    ]
    return table(rows)
