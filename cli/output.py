"""What a command prints: for a person on a terminal, JSON when piped; progress always on standard error."""

import json
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from cli.errors import CommandError

Json = dict[str, Any]


class Output:
    """``as_json`` None: JSON unless standard output is a terminal."""

    def __init__(self, *, as_json: bool | None = None) -> None:
        self.is_json = not sys.stdout.isatty() if as_json is None else as_json

    def show(self, data: Mapping[str, Any], text: Callable[[], str]) -> None:
        """Print one JSON object, or the text."""
        print(json.dumps(data, ensure_ascii=False, default=str) if self.is_json else plain(text()))
        sys.stdout.flush()


def tell(text: str) -> None:
    """A piece of text as it comes."""
    sys.stdout.write(plain(text))
    sys.stdout.flush()


def plain(text: str) -> str:
    """Without what a terminal would obey: documents and models are others' words."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) != "Cc")


def say(line: str) -> None:
    """A line of progress. A terminal or pipe that has gone must not end what the line is about."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def say_error(error: CommandError) -> None:
    """What went wrong and what to do about it."""
    say(f"error: {error.message}")
    if error.advice:
        say(f"  {error.advice}")
    if error.request_id:
        say(f"  request {error.request_id}")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their longest cell; the last one as long as it is."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)
