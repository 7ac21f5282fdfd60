"""`make bench-ingest`: see bench/README.md for what each figure means.

    python -m bench.ingest [FOLDER] [--documents 150] [--pairs 3] [--parts free,local,again,edit,memory] [--quick]

FOLDER holds documents, or `2025-08-01` and `head` as two states of one corpus. Without it: the peps beside this tree if
they are there, else samples/.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.arguments import parser_of
from bench.corpora import PEPS, ROOT, spread
from bench.ingest.parts import again, memory, speed, two_states
from bench.report import Report, ended, told

TEXTS = {".txt", ".md", ".rst"}
STATES = ("2025-08-01", "head")
PARTS = ("free", "local", "again", "edit", "memory")
LIMITS = {"free": 4.0, "local": 1.15, "again": 0.05, "memory": 1.1}
"""Shares and ratios. With the free embedder only the overhead is left: its bound finds an accident, no regression."""
QUICK_DOCUMENTS = 16
QUICK_SMALL_FILES = 120
QUICK_LIMITS = {"free": 12.0, "local": 2.0, "again": 0.5, "memory": 1.5}
"""In a few seconds of CPU what is done once weighs more than what is done for each document."""


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="lethe-older-") as older:
        return ended("bench-ingest", _run(arguments, Path(older)))


def _run(arguments: argparse.Namespace, older: Path) -> dict[str, Report]:
    old, new = _states(arguments.folder, older)
    quick: bool = arguments.quick
    chosen = spread(new, QUICK_DOCUMENTS if quick else arguments.documents)
    pairs = 1 if quick else arguments.pairs
    limits = QUICK_LIMITS if quick else LIMITS
    runs: dict[str, Callable[[], Report]] = {
        "free": lambda: speed(chosen, pairs, is_free=True, limit=limits["free"]),
        "local": lambda: speed(chosen, pairs, is_free=False, limit=limits["local"]),
        "again": lambda: again(chosen, limit=limits["again"]),
        "edit": lambda: two_states(*(_few(old, new, chosen) if quick else (old, new))),
        "memory": lambda: memory(QUICK_SMALL_FILES if quick else arguments.small_files, limit=limits["memory"]),
    }
    return {name: told(name, runs[name]()) for name in arguments.parts}


def _arguments() -> argparse.Namespace:
    parser = parser_of("bench.ingest", PARTS, quick="few documents, one pair, wide limits: for CI")
    parser.add_argument("folder", nargs="?", type=Path, default=PEPS if PEPS.is_dir() else ROOT / "samples")
    parser.add_argument("--documents", type=int, default=150, help="of the folder, spread evenly; 0: all")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--small-files", type=int, default=10_000)
    return parser.parse_args()


def _states(folder: Path, older: Path) -> tuple[list[Path], list[Path]]:
    """The files of both states; of a folder without states, the older one is made in ``older``."""
    if all((folder / state).is_dir() for state in STATES):
        old, new = (sorted(path for path in (folder / state).iterdir() if path.is_file()) for state in STATES)
        return old, new
    new = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return [_older(path, older) for number, path in enumerate(new) if number % 8], new


def _older(path: Path, folder: Path) -> Path:
    """The file itself, or, of a text with paragraphs, a copy that lacks the middle one."""
    paragraphs = path.read_bytes().split(b"\n\n")
    if path.suffix not in TEXTS or len(paragraphs) < 4:
        return path
    del paragraphs[len(paragraphs) // 2]
    (folder / path.name).write_bytes(b"\n\n".join(paragraphs))
    return folder / path.name


def _few(old: Sequence[Path], new: Sequence[Path], chosen: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Few documents, and among them some that changed."""
    before = {path.name: path for path in old}
    changed = [path for path in new if path.name in before and path.read_bytes() != before[path.name].read_bytes()]
    some = {path.name: path for path in [*changed[: len(chosen) // 2], *chosen]}
    return [before[name] for name in some if name in before], list(some.values())


if __name__ == "__main__":
    sys.exit(main())
