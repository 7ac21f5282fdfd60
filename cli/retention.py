# ruff: noqa: PLC0415 - a command loads what it needs
"""`lethe retention` on the command line."""

from typing import Annotated

import typer

from cli.options import Json, settings
from cli.output import Output

app = typer.Typer(help="How long what is kept, and removing what is past its time.", no_args_is_help=True)

_Days = Annotated[int | None, typer.Option(min=0, help="0: as long as the installation says.")]


@app.command()
def policy(documents: _Days = None, questions: _Days = None, dead_letters: _Days = None, as_json: Json = None) -> None:
    """How many days the tenant keeps what; with an option change it."""
    from cli.commands import retention

    wish = {"document_days": documents, "question_days": questions, "dead_letter_days": dead_letters}
    named = {name: value for name, value in wish.items() if value is not None}
    retention.policy(settings(), Output(as_json=as_json), named)


@app.command()
def run(
    apply: Annotated[bool, typer.Option("--apply", help="Remove it; without this it is only counted.")] = False,
    wait_seconds: Annotated[float, typer.Option(min=0, help="0: do not wait.")] = 900.0,
    as_json: Json = None,
) -> None:
    """Count what is past its time, and with --apply remove it. What is restricted or held stays.

    Exit code 5 if it was not done in time.
    """
    from cli.commands import retention

    retention.run(settings(), Output(as_json=as_json), dry_run=not apply, wait_seconds=wait_seconds)
