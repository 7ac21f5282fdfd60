# ruff: noqa: PLC0415 - the settings are loaded when a command runs, so that `lethe --help` comes at once
"""What every command takes, and the settings it runs with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import CommandError, Exit

if TYPE_CHECKING:
    from lethe.settings import Settings

Json = Annotated[
    bool | None, typer.Option("--json/--text", help="Default: JSON when standard output is not a terminal.")
]
Limit = Annotated[int, typer.Option(min=1, help="How many, at most.")]


def settings() -> "Settings":
    """Raises CommandError for settings that are not valid."""
    from lethe.settings import load_settings

    try:
        return load_settings()
    except ValueError as error:
        raise CommandError(str(error), advice="run `lethe doctor`", exit_code=Exit.USAGE) from error


def people(subjects: Sequence[str]) -> list[dict[str, str]]:
    """What names somebody, as the API takes it. Raises CommandError for what is not kind=value."""
    found: list[dict[str, str]] = []
    for number, each in enumerate(subjects, start=1):
        kind, sign, value = (part.strip() for part in each.partition("="))
        if not (kind and sign and value):
            # Which, not what: it names somebody.
            raise CommandError("a subject is kind=value", advice=f"the {number}. of them is not", exit_code=Exit.USAGE)
        found.append({"kind": kind, "value": value})
    return found


def given(**options: str | None) -> dict[str, str]:
    """Those of the options that were given."""
    return {name: value for name, value in options.items() if value is not None}
