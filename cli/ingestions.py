# ruff: noqa: PLC0415 - a command loads what it needs, so that `lethe --help` comes at once
"""The options of `lethe ingestions`."""

from typing import Annotated

import typer

from cli.options import Json, Limit, settings
from cli.output import Output

app = typer.Typer(help="Bulk ingestions: list, show, pause, resume, cancel.", no_args_is_help=True)

Ingestion = Annotated[str, typer.Argument(help="The id of one ingestion.")]


@app.command("list")
def list_ingestions(limit: Limit = 50, as_json: Json = None) -> None:
    """List bulk ingestions, newest first."""
    from cli.commands import ingestions

    ingestions.list_ingestions(settings(), Output(as_json=as_json), limit)


@app.command()
def show(ingestion_id: Ingestion, as_json: Json = None) -> None:
    """Show how far one is, and which of its documents failed."""
    from cli.commands import ingestions

    ingestions.show(settings(), Output(as_json=as_json), ingestion_id)


@app.command()
def pause(ingestion_id: Ingestion, as_json: Json = None) -> None:
    """Start no more batches; those that run end."""
    _steer("pause", ingestion_id, as_json)


@app.command()
def resume(ingestion_id: Ingestion, as_json: Json = None) -> None:
    """Go on after a pause."""
    _steer("resume", ingestion_id, as_json)


@app.command()
def cancel(ingestion_id: Ingestion, as_json: Json = None) -> None:
    """Stop, and remove what was not brought in; what is done stays."""
    _steer("cancel", ingestion_id, as_json)


def _steer(action: str, ingestion_id: str, as_json: bool | None) -> None:
    from cli.commands import ingestions

    ingestions.steer(settings(), Output(as_json=as_json), action, ingestion_id)
