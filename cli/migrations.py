# ruff: noqa: PLC0415 - a command loads what it needs, so that `lethe --help` comes at once
"""The options of `lethe migrate`."""

from typing import Annotated

import typer

from cli.options import Json, Limit, settings
from cli.output import Output

app = typer.Typer(help="Another embedding model for the index, or another way to keep it.", no_args_is_help=True)

Migration = Annotated[str, typer.Argument(help="The id of one migration.")]
Model = Annotated[str | None, typer.Option(help="An embedding model by name or spec; none: the one that serves.")]
Budget = Annotated[int | None, typer.Option(min=0, help="Most it may cost, in millionths of the currency.")]
Despite = Annotated[bool, typer.Option("--despite-refused", help="Also where its model refuses texts that are served.")]
Parameters = Annotated[list[str] | None, typer.Option("--set", help="A parameter of the index, as ef=64; repeatable.")]


@app.command()
def plan(model: Model = None, parameters: Parameters = None, budget: Budget = None, as_json: Json = None) -> None:
    """What a migration would take; nothing is changed."""
    from cli.commands import migrations

    migrations.plan(settings(), Output(as_json=as_json), migrations.wish(model, parameters or [], budget))


@app.command()
def start(
    model: Model = None,
    parameters: Parameters = None,
    budget: Budget = None,
    soak_seconds: Annotated[float | None, typer.Option(min=0, help="How long there is a way back.")] = None,
    canary: Annotated[bool, typer.Option("--canary", help="Others with the same target wait for it.")] = False,
    by_hand: Annotated[bool, typer.Option("--by-hand", help="Wait for `lethe migrate cutover`.")] = False,
    as_json: Json = None,
) -> None:
    """Build the index anew beside the one that serves, and let it serve if it is good enough."""
    from cli.commands import migrations

    wish = migrations.wish(model, parameters or [], budget)
    more = {"soak_seconds": soak_seconds, "canary": canary, "automatic": not by_hand}
    migrations.start(settings(), Output(as_json=as_json), wish | more)


@app.command()
def status(
    migration_id: Annotated[str | None, typer.Argument(help="One migration; none: the newest ones.")] = None,
    limit: Limit = 50,
    as_json: Json = None,
) -> None:
    """How far one is, or all of them."""
    from cli.commands import migrations

    migrations.status(settings(), Output(as_json=as_json), migration_id, limit)


@app.command()
def pause(migration_id: Migration, as_json: Json = None) -> None:
    """Leave it as it is."""
    _move("pause", migration_id, as_json)


@app.command()
def resume(migration_id: Migration, budget: Budget = None, as_json: Json = None) -> None:
    """Go on after a pause, with another budget if one is given."""
    _move("resume", migration_id, as_json, {} if budget is None else {"budget_micros": budget})


@app.command()
def cutover(migration_id: Migration, as_json: Json = None) -> None:
    """Let the build serve that waits for it."""
    _move("cutover", migration_id, as_json)


@app.command()
def rollback(migration_id: Migration, despite_refused: Despite = False, as_json: Json = None) -> None:
    """Let the replaced build serve again."""
    _move("rollback", migration_id, as_json, {"despite_refused": True} if despite_refused else {})


@app.command()
def finish(migration_id: Migration, as_json: Json = None) -> None:
    """End the soak; there is no way back any more."""
    _move("finish", migration_id, as_json)


@app.command()
def abort(migration_id: Migration, as_json: Json = None) -> None:
    """Give it up before it serves."""
    _move("abort", migration_id, as_json)


def _move(move: str, migration_id: str, as_json: bool | None, wish: dict[str, int] | None = None) -> None:
    from cli.commands import migrations

    migrations.move(settings(), Output(as_json=as_json), migration_id, move, dict(wish or {}))
