# ruff: noqa: PLC0415 - a command loads what it needs, so that `lethe --help` comes at once
"""The options of `lethe sources`."""

from typing import Annotated, Final

import typer

from cli.errors import CommandError, Exit
from cli.options import Json, Limit, settings
from cli.output import Output

app = typer.Typer(
    help="Where documents are taken from: add, list, show, change, sync, resolve, pause, resume, delete, schedules.",
    no_args_is_help=True,
)

CLEARED: Final = {
    "credentials": "credentials",
    "schedule": "schedule",
    "include": "include",
    "exclude": "exclude",
    "readers": "readers",
    "purpose": "purpose",
    "overdue-after": "overdue_after_seconds",
    "retention-days": "retention_days",
}
"""What may be taken from a source, as an option names it and on the wire."""
EMPTY: Final[dict[str, object]] = {"credentials": "", "include": [], "exclude": []}
"""What is sent of a field that has no null."""

Source = Annotated[str, typer.Argument(help="The id of one source.")]


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help="folder, object_store, web or git.")],
    address: Annotated[str, typer.Argument(help="A path or address, as the kind takes it.")],
    name: Annotated[str | None, typer.Option(help="What you call it; else its address.")] = None,
    credentials: Annotated[str, typer.Option(help="The name of an entry of `sources.credentials`.")] = "",
    every: Annotated[int | None, typer.Option(min=60, help="Seconds between two rounds.")] = None,
    cron: Annotated[str | None, typer.Option(help="Or the times of rounds: five fields, in UTC.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only paths like this; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No paths like this; repeatable.")] = None,
    reader: Annotated[list[str] | None, typer.Option(help="Who may read its documents; repeatable.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What the people in them are recorded for.")] = None,
    overdue_after: Annotated[int | None, typer.Option(min=60, help="Seconds until answers say it is old.")] = None,
    retention_days: Annotated[int | None, typer.Option(min=1, help="How long its documents stay, unseen.")] = None,
    as_json: Json = None,
) -> None:
    """Register a source; nothing is taken from it before a round."""
    from cli.commands import sources

    schedule = _schedule(every, cron)
    wish: dict[str, object] = {
        "kind": kind,
        "address": address,
        "name": name or address,
        "credentials": credentials,
        "schedule": schedule,
        "filters": {"include": include or [], "exclude": exclude or []},
        "readers": reader,
        "purpose": purpose,
        "overdue_after_seconds": overdue_after,
        "retention_days": retention_days,
    }
    sources.add(settings(), Output(as_json=as_json), wish)


@app.command()
def change(
    source_id: Source,
    name: Annotated[str | None, typer.Option(help="What you call it.")] = None,
    credentials: Annotated[str | None, typer.Option(help="The name of an entry of `sources.credentials`.")] = None,
    every: Annotated[int | None, typer.Option(min=60, help="Seconds between two rounds.")] = None,
    cron: Annotated[str | None, typer.Option(help="Or the times of rounds: five fields, in UTC.")] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only paths like this, and no others; repeatable.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No paths like this, but all others; repeatable.")] = None,
    reader: Annotated[list[str] | None, typer.Option(help="Who may read its documents; repeatable.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What the people in them are recorded for.")] = None,
    overdue_after: Annotated[int | None, typer.Option(min=60, help="Seconds until answers say it is old.")] = None,
    retention_days: Annotated[int | None, typer.Option(min=1, help="How long its documents stay, unseen.")] = None,
    clear: Annotated[list[str] | None, typer.Option(help=f"{', '.join(CLEARED)}: have none; repeatable.")] = None,
    as_json: Json = None,
) -> None:
    """Change one source: what is not given stays; its documents are told of other readers at once."""
    from cli.commands import sources

    said = {
        "name": name,
        "credentials": credentials,
        "schedule": _schedule(every, cron),
        "readers": reader,
        "purpose": purpose,
        "overdue_after_seconds": overdue_after,
        "retention_days": retention_days,
    }
    if unknown := set(clear or ()) - CLEARED.keys():
        raise CommandError(f"--clear takes no {', '.join(sorted(unknown))}", exit_code=Exit.USAGE)
    emptied = {CLEARED[each]: EMPTY.get(each) for each in clear or ()}
    wish = {field: value for field, value in said.items() if value is not None} | emptied
    given = {"include": include, "exclude": exclude}
    filters = {field: value for field, value in given.items() if value is not None}
    filters |= {field: wish.pop(field) for field in given if field in wish}
    if not wish and not filters:
        raise CommandError("say what is to be changed", exit_code=Exit.USAGE)
    sources.change(settings(), Output(as_json=as_json), source_id, wish, filters)


@app.command("list")
def list_sources(limit: Limit = 50, as_json: Json = None) -> None:
    """List sources, newest first."""
    from cli.commands import sources

    sources.list_sources(settings(), Output(as_json=as_json), limit)


@app.command()
def show(source_id: Source, as_json: Json = None) -> None:
    """Show one source and its last rounds."""
    from cli.commands import sources

    sources.show(settings(), Output(as_json=as_json), source_id)


@app.command()
def sync(
    source_id: Source,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Compare only.")] = False,
    wait_seconds: Annotated[float, typer.Option(min=0, help="0: do not wait.")] = 900.0,
    as_json: Json = None,
) -> None:
    """Make a round now; exit code 1 if it fails, or asks what becomes of what has vanished.

    Exit code 5 if it was not done in time.
    """
    from cli.commands import sources

    raise typer.Exit(sources.sync(settings(), Output(as_json=as_json), source_id, wait_seconds, dry_run=dry_run))


@app.command()
def resolve(
    source_id: Source,
    sync_id: Annotated[str, typer.Argument(help="The id of the round that asks.")],
    action: Annotated[str, typer.Argument(help="delete or keep what has vanished.")],
    as_json: Json = None,
) -> None:
    """Say what becomes of the documents that a listing lacked."""
    from cli.commands import sources

    sources.resolve(settings(), Output(as_json=as_json), source_id, sync_id, action)


@app.command()
def pause(source_id: Source, as_json: Json = None) -> None:
    """Make no rounds by its schedule until it is resumed."""
    _steer("pause", source_id, as_json)


@app.command()
def resume(source_id: Source, as_json: Json = None) -> None:
    """Go on after a pause, whoever made it."""
    _steer("resume", source_id, as_json)


@app.command()
def schedules(limit: Limit = 50, as_json: Json = None) -> None:
    """What is done by the clock, when next, and who paused it."""
    from cli.commands import sources

    sources.schedules(settings(), Output(as_json=as_json), limit)


@app.command()
def delete(
    source_id: Source,
    documents: Annotated[str, typer.Option(help="delete or keep what was taken from it.")],
    as_json: Json = None,
) -> None:
    """Remove a source, its schedule and its rounds."""
    from cli.commands import sources

    sources.delete(settings(), Output(as_json=as_json), source_id, documents)


def _schedule(every: int | None, cron: str | None) -> dict[str, object] | None:
    if every is not None and cron is not None:
        raise CommandError("give one of --every and --cron", exit_code=Exit.USAGE)
    if every is not None:
        return {"every_seconds": every}
    return None if cron is None else {"cron": cron}


def _steer(action: str, source_id: str, as_json: bool | None) -> None:
    from cli.commands import sources

    sources.steer(settings(), Output(as_json=as_json), action, source_id)
