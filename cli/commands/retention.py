"""`lethe retention`."""

from typing import Final

from cli.client import connect
from cli.commands.care import wait_done
from cli.output import Json, Output, table
from lethe.settings import Settings

_PATH: Final = "/v1/retention"
_KINDS: Final = ("documents", "questions", "dead_letters")


def policy(settings: Settings, output: Output, wish: Json) -> None:
    """Print how long what is kept, changed before where the wish says something; 0 takes a tenant's own days back."""
    with connect(settings) as client:
        body = client.get(_PATH)
        if wish:
            days = {name: body[name] for name in ("document_days", "question_days", "dead_letter_days")} | wish
            body = client.put(_PATH, {name: value or None for name, value in days.items()})
    output.show(body, lambda: _policy_text(body))


def run(settings: Settings, output: Output, *, dry_run: bool, wait_seconds: float) -> None:
    """Count what is past its time; remove it unless that is all that is wanted."""
    with connect(settings) as client:
        body = client.post(f"{_PATH}/runs", {"dry_run": dry_run})
        body = wait_done(client, f"{_PATH}/runs/{body['id']}", wait_seconds) if wait_seconds else body
    output.show(body, lambda: _run_text(body))


def _policy_text(body: Json) -> str:
    days = body["in_force"]
    return table([(kind, "kept" if days[kind] is None else f"{days[kind]} days") for kind in _KINDS])


def _run_text(body: Json) -> str:
    if not body["counts"]:
        return f"run {body['id']} is {body['state']}"
    names = ("kind", "matched", "held", "removed", "oldest_at")
    rows = [tuple(name.upper() for name in names)]
    rows += [tuple(str(count[name] if count[name] is not None else "-") for name in names) for count in body["counts"]]
    return table(rows)
