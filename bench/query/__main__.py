"""`make bench-query`: see bench/README.md for what each figure means.

python -m bench.query [FOLDER] [--documents 60] [--parts extractive,cached,load,ingesting,generated] [--quick]
"""

import argparse
import asyncio
import sys
from pathlib import Path

from bench.arguments import parser_of
from bench.corpora import PEPS, ROOT, corpus, spread
from bench.installation import running
from bench.query.generated import FIRST_TOKEN_SECONDS, generated
from bench.query.parts import Asking, cached, ingesting, load, overhead
from bench.query.questions import distinct_questions
from bench.query.stub import Stub, speaking
from bench.report import Report, ended, told

PARTS = ("extractive", "cached", "load", "ingesting", "generated")
EXTRACTIVE_LIMITS = (30.0, 60.0)
"""Milliseconds at p50 and p95."""
QUICK_LIMITS = (1_000.0, 3_000.0)
LEAST_RATE = 20.0
QUICK_RATE = 1.0
CACHED_LIMIT = 10.0
QUICK_TOLERANCE = 50.0
WARM_UP = 10
"""Questions after which whatever is loaded at the first one is loaded."""
SHORT_WAIT = {"LETHE_ANSWERING__FIRST_TOKEN_SECONDS": str(FIRST_TOKEN_SECONDS)}


def main() -> int:
    arguments = _arguments()
    files = spread(sorted(path for path in arguments.folder.iterdir() if path.is_file()), arguments.documents)
    first, later = files[: len(files) // 2], files[len(files) // 2 :]
    parts: list[str] = arguments.parts
    reports: dict[str, Report] = {}
    with corpus(first) as folder, corpus(later) as more:
        if searched := [name for name in parts if name != "generated"]:
            with running(is_free=False) as installation:
                installation.ingest(folder)
                reports |= asyncio.run(_run(searched, Asking(installation, distinct_questions(first)), more, arguments))
        if "generated" in parts:
            reports["generated"] = _generated(folder, first, is_quick=arguments.quick)
    return ended("bench-query", reports)


async def _run(parts: list[str], asking: Asking, more: Path, arguments: argparse.Namespace) -> dict[str, Report]:
    quick: bool = arguments.quick
    runs = {
        "extractive": lambda: overhead(asking, 20 if quick else 300, QUICK_LIMITS if quick else EXTRACTIVE_LIMITS),
        "cached": lambda: cached(asking, 20 if quick else 200, limit=1_000.0 if quick else CACHED_LIMIT),
        "load": lambda: load(asking, 2.0 if quick else 10.0, least_rate=QUICK_RATE if quick else LEAST_RATE),
        "ingesting": lambda: ingesting(asking, more, 5.0 if quick else 20.0),
    }
    await overhead(asking, WARM_UP, QUICK_LIMITS)
    return {name: told(name, await runs[name]()) for name in parts}


def _generated(folder: Path, files: list[Path], *, is_quick: bool) -> Report:
    """On a stack of its own: the others answer with the passages' own sentences."""
    with speaking() as stub, running(is_free=False, extra=stub.settings | SHORT_WAIT) as installation:
        installation.ingest(folder)
        asking = Asking(installation, distinct_questions(files))
        return told("generated", asyncio.run(_asked(asking, stub, is_quick=is_quick)))


async def _asked(asking: Asking, stub: Stub, *, is_quick: bool) -> Report:
    await overhead(asking, WARM_UP, QUICK_LIMITS)
    return await generated(asking, stub, 12 if is_quick else 100, tolerance=QUICK_TOLERANCE if is_quick else 1.0)


def _arguments() -> argparse.Namespace:
    folder = PEPS / "head" if PEPS.is_dir() else ROOT / "samples"
    parser = parser_of("bench.query", PARTS, quick="few questions, wide limits")
    parser.add_argument("folder", nargs="?", type=Path, default=folder)
    parser.add_argument("--documents", type=int, default=60, help="half before the questions, half beside them")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
