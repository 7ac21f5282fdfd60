"""The command line of a benchmark that is made of parts."""

import argparse
from collections.abc import Callable, Sequence


def parser_of(program: str, parts: Sequence[str], *, quick: str) -> argparse.ArgumentParser:
    """Knows `--parts`, a list of some of them, and `--quick`, which does what ``quick`` says."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("--parts", type=_some_of(parts), default=list(parts), help="separated by commas")
    parser.add_argument("--quick", action="store_true", help=quick)
    return parser


def _some_of(parts: Sequence[str]) -> Callable[[str], list[str]]:
    def chosen(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(parts):
            raise argparse.ArgumentTypeError(f"unknown parts: {', '.join(sorted(unknown))}")
        return names

    return chosen
