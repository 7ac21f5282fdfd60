# ruff: noqa: PLC0415 - a command loads what it needs, so that `lethe --help` comes at once
"""The options of `lethe sources`."""

from typing import Annotated

import typer

from cli.errors import CommandError, Exit
from cli.options import Json, Limit, settings
from cli.output import Output

app = typer.Typer(
    help="Where documents are taken from: add, list, show, sync, syncs, resolve, pause, resume, delete, schedules.",
    no_args_is_help=True,
)

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

    if every is not None and cron is not None:
        raise CommandError("give one of --every and --cron", exit_code=Exit.USAGE)
    schedule = {"every_seconds": every} if every is not None else {"cron": cron} if cron is not None else None
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
    """Make a round now; exit code 1 if it fails, or asks what becomes of what has vanished."""
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


def _steer(action: str, source_id: str, as_json: bool | None) -> None:
    from cli.commands import sources

    sources.steer(settings(), Output(as_json=as_json), action, source_id)
