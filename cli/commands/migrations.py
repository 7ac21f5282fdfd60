"""`lethe migrate`: what a migration takes, how far it is, and steering it."""

import uuid
from collections.abc import Sequence
from typing import Final

from cli.client import connect
from cli.errors import CommandError, Exit
from cli.output import Json, Output, table
from lethe.settings import Settings

_MIGRATIONS: Final = "/v1/migrations"


def wish(model: str | None, parameters: Sequence[str], budget: int | None) -> Json:
    """The body of a plan or a start. Raises CommandError for a parameter that is not name=value."""
    given: Json = {"model": model, "budget_micros": budget}
    if parameters:
        given["parameters"] = dict(_parameter(each) for each in parameters)
    return given


def _parameter(text: str) -> tuple[str, object]:
    name, is_pair, value = text.partition("=")
    if not (name and is_pair and value):
        raise CommandError(f"{text!r} is not name=value", exit_code=Exit.USAGE)
    return name, int(value) if value.lstrip("-").isdecimal() else value


def plan(settings: Settings, output: Output, wish: Json) -> None:
    """Print what it would take."""
    with connect(settings) as client:
        body = client.post(f"{_MIGRATIONS}/plan", wish)
    output.show(body, lambda: plan_text(body))


def start(settings: Settings, output: Output, wish: Json) -> None:
    """Begin one."""
    with connect(settings) as client:
        body = client.post(_MIGRATIONS, wish, {"Idempotency-Key": str(uuid.uuid4())})
    output.show(body, lambda: migration_text(body))


def status(settings: Settings, output: Output, migration_id: str | None, limit: int) -> None:
    """Print one migration, or the newest ones."""
    with connect(settings) as client:
        if migration_id is None:
            page = client.listed(_MIGRATIONS, {}, limit)
            output.show(page, lambda: _list_text(page["items"]))
            return
        body = client.get(f"{_MIGRATIONS}/{migration_id}")
    output.show(body, lambda: migration_text(body))


def move(settings: Settings, output: Output, migration_id: str, move: str, wish: Json) -> None:
    """Ask something of one."""
    with connect(settings) as client:
        body = client.post(f"{_MIGRATIONS}/{migration_id}/{move}", wish, {"Idempotency-Key": str(uuid.uuid4())})
    output.show(body, lambda: migration_text(body))


def plan_text(body: Json) -> str:
    """One line."""
    cost = f"{body['cost_micros'] / 1_000_000:.2f} {body['currency']}"
    return (
        f"{body['to_embed']:,} of {body['chunks']:,} chunks to embed, {body['tokens']:,} tokens, {cost}, "
        f"about {body['seconds']:,.0f} s"
    )


def migration_text(body: Json) -> str:
    """What it waits for is said first."""
    told = [name for name in ("code", "move") if body[name]]
    waits = [f"{name}: {body[name]}" for name in told] + (["paused"] if body["is_paused"] else [])
    lines = [f"{body['id']} is {body['state']}" + (f" ({', '.join(waits)})" if waits else "")]
    lines.append(f"{body['source_spec']} {body['source_parameters']}".rstrip())
    lines.append(f"-> {body['target_spec']} {body['target_parameters']}".rstrip())
    lines.append(plan_text(body["plan"]))
    if body["lag"]:
        lines.append(f"{body['lag']} commits behind")
    if body["rollback_seconds"] is not None:
        lines.append(f"the replaced build follows first; tried again within {body['rollback_seconds']:.0f} s")
    return "\n".join([*lines, *_report_lines(body["report"])])


def _report_lines(report: Json) -> list[str]:
    """What was measured of it, and by how many questions."""
    figures: Json = report.get("figures", {})
    measured = {name: value for name, value in report.items() if name != "figures"} | figures
    lines = [f"{name}: {value}" for name, value in measured.items() if value not in (None, [])]
    if figures and not figures.get("questions"):
        lines.append("nobody had asked anything yet that the builds could be compared by")
    return lines


def _list_text(items: Sequence[Json]) -> str:
    if not items:
        return "no migrations"
    rows = [("ID", "STATE", "TARGET", "CREATED")]
    rows += [(str(item["id"]), str(item["state"]), str(item["target_spec"]), str(item["created_at"])) for item in items]
    return table(rows)
