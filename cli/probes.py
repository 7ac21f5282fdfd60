# ruff: noqa: PLC0415 - a command loads what it needs
"""`lethe probe` on the command line."""

import typer

from cli.options import Json, settings
from cli.output import Output

app = typer.Typer(help="Whether embedding models still give the vectors they gave.", no_args_is_help=True)


@app.command()
def show(as_json: Json = None) -> None:
    """What the last probe of each model found."""
    from cli.commands import probes

    probes.show(settings(), Output(as_json=as_json))


@app.command()
def run(as_json: Json = None) -> None:
    """Probe now."""
    from cli.commands import probes

    probes.run(settings(), Output(as_json=as_json))


@app.command()
def lift(as_json: Json = None) -> None:
    """Let vectors be written again though the model changed: those of both stand in one index."""
    from cli.commands import probes

    probes.lift(settings(), Output(as_json=as_json))
