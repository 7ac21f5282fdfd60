# ruff: noqa: PLC0415 - a command loads what it needs, so that `lethe --help` comes at once
"""The options of `lethe dead-letters`, and of `lethe retry`, which is one of them."""

from typing import Annotated

import typer

from cli.options import Json, Limit, given, settings
from cli.output import Output

app = typer.Typer(help="Failures that were kept: list, show, retry, discard.", no_args_is_help=True)

Letter = Annotated[str | None, typer.Argument(help="The id of one dead letter.")]
All = Annotated[bool, typer.Option("--all", help="Every undecided one but poison.")]
Class = Annotated[str | None, typer.Option("--class", help="transient, permanent or poison.")]
Code = Annotated[str | None, typer.Option(help="Those of one code, such as no_text.")]
Step = Annotated[str | None, typer.Option(help="Those of one step, such as parse_document.")]


@app.command("list")
def list_letters(
    state: Annotated[str | None, typer.Option(help="attempting, open, resolved or closed.")] = None,
    failure_class: Class = None,
    code: Code = None,
    step: Step = None,
    limit: Limit = 50,
    as_json: Json = None,
) -> None:
    """List dead letters, newest first."""
    from cli.commands import dead_letters

    filters = given(state=state, failure_class=failure_class, code=code, step=step)
    dead_letters.list_letters(settings(), Output(as_json=as_json), filters, limit)


@app.command()
def show(letter_id: str, as_json: Json = None) -> None:
    """Show one dead letter with its cause."""
    from cli.commands import dead_letters

    dead_letters.show(settings(), Output(as_json=as_json), letter_id)


@app.command()
def retry(
    letter_id: Letter = None,
    every: All = False,
    failure_class: Class = None,
    code: Code = None,
    step: Step = None,
    as_json: Json = None,
) -> None:
    """Run failed steps again: of one dead letter, or of all of a kind."""
    _decide("retry", letter_id, every, given(failure_class=failure_class, code=code, step=step), as_json)


@app.command()
def discard(
    letter_id: Letter = None,
    every: All = False,
    failure_class: Class = None,
    code: Code = None,
    step: Step = None,
    as_json: Json = None,
) -> None:
    """Remove failed versions: of one dead letter, or of all of a kind."""
    _decide("discard", letter_id, every, given(failure_class=failure_class, code=code, step=step), as_json)


def _decide(action: str, letter_id: str | None, every: bool, filters: dict[str, str], as_json: bool | None) -> None:
    from cli.commands import dead_letters

    choice: dict[str, object] = {**({"all": True} if every else {}), **filters}
    dead_letters.decide(settings(), Output(as_json=as_json), action, letter_id, choice)
