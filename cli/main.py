# ruff: noqa: PLC0415 - a command loads what it needs, so that `lethe --help` comes at once
"""The `lethe` command line: options here, work in cli.commands."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import dead_letters, erasures, ingestions, migrations, probes, reindexing, retention, sources, verifying
from cli.errors import CommandError, Exit
from cli.options import Json, Limit, given, people, settings
from cli.output import Output, say, say_error

app = typer.Typer(
    name="lethe",
    help="A RAG platform that remembers durably and forgets provably.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

TopK = Annotated[int | None, typer.Option(min=1, max=50, help="How many passages.")]
Alpha = Annotated[float | None, typer.Option(min=0.0, max=1.0, help="1: meaning only; 0: keywords only.")]
Filters = Annotated[str | None, typer.Option(help="A JSON object of metadata that must match.")]


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return once everything serves.")] = False,
    as_json: Json = None,
) -> None:
    """Start everything on this machine, or say what runs."""
    from cli.commands import stack

    stack.up(settings(), Output(as_json=as_json), detach=detach)


@app.command()
def down(as_json: Json = None) -> None:
    """Stop what `up` started."""
    from cli.commands import stack

    stack.down(settings(), Output(as_json=as_json))


@app.command()
def status(as_json: Json = None) -> None:
    """What runs, where, and whether it serves; exit code 1 unless everything does."""
    from cli.commands.status import status

    raise typer.Exit(status(settings(), Output(as_json=as_json)))


@app.command()
def doctor(as_json: Json = None) -> None:
    """Check this machine and say what to do; exit code 1 if something must be done."""
    from cli.commands.doctor import doctor

    raise typer.Exit(doctor(Output(as_json=as_json)))


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, and folders with all files in them.")],
    metadata: Annotated[str | None, typer.Option(help="A JSON object for every file.")] = None,
    reader: Annotated[list[str] | None, typer.Option(help="Who may read them; repeatable.")] = None,
    subject: Annotated[list[str] | None, typer.Option(help="Whom they are about, as kind=value; repeatable.")] = None,
    classification: Annotated[str | None, typer.Option(help="The documents' classification.")] = None,
    wait_seconds: Annotated[float, typer.Option(min=0, help="How long without any progress; 0: do not wait.")] = 900.0,
    as_json: Json = None,
) -> None:
    """Ingest files; exit code 4 if some failed, 5 if none did and some were not done in time."""
    from cli.commands.ask import json_object
    from cli.commands.ingest import Fields, ingest

    fields = Fields(
        metadata=json_object(metadata, "metadata") or {},
        readers=reader or [],
        subjects=people(subject or []),
        classification=classification,
    )
    raise typer.Exit(ingest(settings(), Output(as_json=as_json), paths, fields, wait_seconds))


@app.command()
def ask(question: str, top_k: TopK = None, alpha: Alpha = None, filters: Filters = None, as_json: Json = None) -> None:
    """Answer a question from the documents, with citations."""
    from cli.commands import ask

    ask.ask(settings(), Output(as_json=as_json), question, ask.options(top_k, alpha, filters))


@app.command()
def search(query: str, top_k: TopK = None, alpha: Alpha = None, filters: Filters = None, as_json: Json = None) -> None:
    """Find passages."""
    from cli.commands import ask

    ask.search(settings(), Output(as_json=as_json), query, ask.options(top_k, alpha, filters))


@app.command()
def documents(
    status: Annotated[str | None, typer.Option(help="Only those of one status.")] = None,
    limit: Limit = 50,
    as_json: Json = None,
) -> None:
    """List documents, newest first."""
    from cli.commands.documents import documents

    documents(settings(), Output(as_json=as_json), status, limit)


@app.command()
def delete(
    document_ids: Annotated[list[str] | None, typer.Argument(help="Documents by id.")] = None,
    prefix: Annotated[str | None, typer.Option(help='A source URI, or its beginning up to a "/".')] = None,
    filters: Annotated[str | None, typer.Option("--filter", help="A JSON object that metadata must match.")] = None,
    ingestion: Annotated[str | None, typer.Option(help="A bulk ingestion's id.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    wait_seconds: Annotated[float, typer.Option(min=0, help="0: do not wait.")] = 900.0,
    as_json: Json = None,
) -> None:
    """Delete documents, one or all that fit, and everything derived from them; exit code 5 if not done in time."""
    from cli.commands.ask import json_object
    from cli.commands.documents import delete, delete_selected

    wish = {
        "ids": document_ids or None,
        "source_prefix": prefix,
        "filter": json_object(filters, "filter"),
        "ingestion_id": ingestion,
    }
    named = {name: value for name, value in wish.items() if value is not None}
    if len(named) != 1:
        raise CommandError("give document ids, or one of --prefix, --filter and --ingestion", exit_code=Exit.USAGE)
    if document_ids and len(document_ids) == 1 and not dry_run:
        delete(settings(), Output(as_json=as_json), document_ids[0])
        return
    delete_selected(settings(), Output(as_json=as_json), {**named, "dry_run": dry_run}, wait_seconds)


@app.command()
def audit(
    wait_seconds: Annotated[float, typer.Option(min=0, help="0: do not wait.")] = 900.0, as_json: Json = None
) -> None:
    """Compare the stores with the ledger and put right what differs; exit code 1 if something did.

    Exit code 5 if it was not done in time.
    """
    from cli.commands.care import audit

    raise typer.Exit(audit(settings(), Output(as_json=as_json), wait_seconds))


@app.command()
def quarantine(
    document: Annotated[str | None, typer.Option(help="A document's id.")] = None,
    prefix: Annotated[str | None, typer.Option(help='A source URI, or its beginning up to a "/".')] = None,
    ingestion: Annotated[str | None, typer.Option(help="A bulk ingestion's id.")] = None,
    reason: Annotated[str, typer.Option(help="A word that says why.")] = "review",
    lift: Annotated[str | None, typer.Option(help="End the quarantine with this id.")] = None,
    as_json: Json = None,
) -> None:
    """Hide documents from every read, those that come later included; without an option list what is hidden."""
    from cli.commands import care

    wish = {"document_id": document, "source_prefix": prefix, "ingestion_id": ingestion}
    named = {name: value for name, value in wish.items() if value is not None}
    if len(named) + (lift is not None) > 1:
        raise CommandError("give one of --document, --prefix, --ingestion and --lift", exit_code=Exit.USAGE)
    if lift is not None:
        care.lift(settings(), Output(as_json=as_json), lift)
    elif named:
        care.quarantine(settings(), Output(as_json=as_json), {**named, "reason": reason})
    else:
        care.quarantines(settings(), Output(as_json=as_json))


@app.command()
def processors(
    allow: Annotated[list[str] | None, typer.Option(help="Only this provider; repeatable; or `all`, `none`.")] = None,
    as_json: Json = None,
) -> None:
    """Which outside providers may be sent the tenant's texts; with --allow change it."""
    from cli.commands import processors

    processors.processors(settings(), Output(as_json=as_json), allow or [])


@app.command()
def usage(
    since: Annotated[str | None, typer.Option(help="A time, as 2026-11-01T00:00:00Z; else 30 days back.")] = None,
    until: Annotated[str | None, typer.Option(help="A time; else now.")] = None,
    principal: Annotated[str | None, typer.Option(help="Only that of one principal, by id.")] = None,
    as_json: Json = None,
) -> None:
    """What outside models did for the tenant, and what it cost."""
    from cli.commands.usage import usage

    usage(settings(), Output(as_json=as_json), given(since=since, until=until, principal_id=principal))


app.add_typer(ingestions.app, name="ingestions")
app.add_typer(erasures.app, name="erase")
app.add_typer(retention.app, name="retention")
app.add_typer(probes.app, name="probe")
app.add_typer(migrations.app, name="migrate")
app.add_typer(reindexing.app, name="reindex")
app.add_typer(sources.app, name="sources")
verifying.add_to(app)
app.add_typer(dead_letters.app, name="dead-letters")
app.command()(dead_letters.retry)


def run() -> None:
    """The console script. Exit codes: cli.errors.Exit; 130 after Ctrl-C."""
    try:
        app()
    except CommandError as error:
        say_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe has gone (`lethe documents | head`); the interpreter must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OK)


if __name__ == "__main__":
    run()
