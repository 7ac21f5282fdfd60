# ruff: noqa: PLC0415 - a command loads what it needs, so that `lethe --help` comes at once
"""The options of `lethe reindex`."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.options import Json, Limit, settings
from cli.output import Output

app = typer.Typer(help="Documents cut anew where parser, chunker or redaction policy changed.", no_args_is_help=True)


class Part(StrEnum):
    """What of the pipeline may be another than a document was made by."""

    PARSER = "parser"
    CHUNKER = "chunker"
    POLICY = "policy"


Parts = Annotated[list[Part] | None, typer.Option("--reason", help="Only what this part changes; repeatable.")]
Wait = Annotated[float, typer.Option(min=0, help="0: do not wait.")]


@app.command()
def estimate(reason: Parts = None, wait_seconds: Wait = 900.0, as_json: Json = None) -> None:
    """How many documents are affected, what it costs and how long it takes; nothing is changed.

    Exit code 5 if it was not done in time: what is printed is a part.
    """
    from cli.commands import reindexing

    output = Output(as_json=as_json)
    raise typer.Exit(reindexing.begin(settings(), output, reason or [], wait_seconds, dry_run=True))


@app.command()
def start(
    reason: Parts = None,
    watch: Annotated[bool, typer.Option("--watch", help="Say how far it is until it is done.")] = False,
    as_json: Json = None,
) -> None:
    """Make what is affected anew; what was cut before is served until then. With --watch exit code 4 if some failed."""
    from cli.commands import reindexing

    wait_seconds = reindexing.UNTIL_DONE if watch else 0.0
    output = Output(as_json=as_json)
    raise typer.Exit(reindexing.begin(settings(), output, reason or [], wait_seconds, dry_run=False))


@app.command()
def status(
    reindex_id: Annotated[str | None, typer.Argument(help="One round; none: the newest ones.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Say how far it is until it is done.")] = False,
    limit: Limit = 50,
    as_json: Json = None,
) -> None:
    """How far a round is, or all of them. With --watch exit code 4 if some documents failed."""
    from cli.commands import reindexing

    if reindex_id is None:
        reindexing.list_rounds(settings(), Output(as_json=as_json), limit)
        return
    wait_seconds = reindexing.UNTIL_DONE if watch else 0.0
    raise typer.Exit(reindexing.status(settings(), Output(as_json=as_json), reindex_id, wait_seconds))
