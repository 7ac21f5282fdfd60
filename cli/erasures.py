# ruff: noqa: PLC0415 - a command loads what it needs, so that `lethe --help` comes at once
"""`lethe erase ...`: options here, work in cli.commands.erasures."""

from typing import Annotated

import typer

from cli.errors import CommandError, Exit
from cli.options import Json, Limit, people, settings
from cli.output import Output

app = typer.Typer(
    help="Forget a person: start, status, certificate, keys, list, approve, hold, release, cancel.",
    no_args_is_help=True,
)

ErasureId = Annotated[str, typer.Argument(help="The erasure's id.")]


@app.command()
def start(
    subjects: Annotated[
        typer.FileText, typer.Option(help="A file of what names the person, kind=value a line; '-': standard input.")
    ],
    document: Annotated[list[str] | None, typer.Option(help="Only in this document; repeatable.")] = None,
    prefix: Annotated[list[str] | None, typer.Option(help="Only in sources that begin so; repeatable.")] = None,
    basis: Annotated[str, typer.Option(help="Why it must be done.")] = "subject_request",
    reason: Annotated[str, typer.Option(help="A word of your own.")] = "request",
    as_json: Json = None,
) -> None:
    """Forget a person everywhere; kinds: email, phone, name, staff_number, other.

    What names them is no argument: those are in the shell's history, and shown to every user of the machine.
    """
    from cli.commands import erasures

    named = people([line for line in subjects.read().splitlines() if line.strip()])
    if not named:
        raise CommandError("the file names nobody", advice="write kind=value on each line", exit_code=Exit.USAGE)
    scope = {"document_ids": document or [], "source_prefixes": prefix or []}
    wish = {
        "identifiers": named,
        "scope": scope,
        "basis": basis,
        "reason": reason,
    }
    erasures.start(settings(), Output(as_json=as_json), wish)


@app.command()
def status(erasure_id: ErasureId, as_json: Json = None) -> None:
    """How far an erasure is, store by store."""
    from cli.commands import erasures

    erasures.status(settings(), Output(as_json=as_json), erasure_id)


@app.command()
def certificate(
    erasure_id: ErasureId,
    out: Annotated[typer.FileBinaryWrite, typer.Option(help="Where to; '-': standard output.")],
    number: Annotated[int, typer.Option(min=0, help="Each release of what was held adds one; 0: the first.")] = 0,
) -> None:
    """Write the signed certificate to a file, byte for byte: `lethe verify-erasure` takes no other writing of it."""
    from cli.commands import erasures

    erasures.certificate(settings(), erasure_id, number, out)


@app.command()
def keys(as_json: Json = None) -> None:
    """The keys that certificates are checked with: write them down somewhere else, before you need them."""
    from cli.commands import erasures

    erasures.keys(settings(), Output(as_json=as_json))


@app.command("list")
def list_erasures(
    state: Annotated[str | None, typer.Option(help="Only those of one state.")] = None,
    limit: Limit = 50,
    as_json: Json = None,
) -> None:
    """List erasures, newest first."""
    from cli.commands import erasures

    erasures.list_erasures(settings(), Output(as_json=as_json), state, limit)


@app.command()
def approve(erasure_id: ErasureId, as_json: Json = None) -> None:
    """Let an erasure of many documents begin; not by whoever asked for it."""
    _decide(erasure_id, "approve", as_json)


@app.command()
def hold(
    erasure_id: ErasureId,
    reason: Annotated[str, typer.Option(help="A word that says why.")] = "legal-hold",
    as_json: Json = None,
) -> None:
    """Destroy nothing more until it is released."""
    _decide(erasure_id, "hold", as_json, {"reason": reason})


@app.command()
def release(erasure_id: ErasureId, as_json: Json = None) -> None:
    """End the hold."""
    _decide(erasure_id, "release", as_json)


@app.command()
def cancel(erasure_id: ErasureId, as_json: Json = None) -> None:
    """Give up an erasure that has destroyed nothing yet; what it hid is shown again."""
    _decide(erasure_id, "cancel", as_json)


def _decide(erasure_id: str, action: str, as_json: bool | None, wish: dict[str, object] | None = None) -> None:
    from cli.commands import erasures

    erasures.decide(settings(), Output(as_json=as_json), erasure_id, action, wish)
