"""`make bench-erase`: see bench/README.md for what each figure means.

python -m bench.erase [--parts single,person,tenant,half,prober] [--chunks 50000] [--probes 2000] [--quick]
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.arguments import parser_of
from bench.erase.parts import person, single, tenant
from bench.erase.probing import prober
from bench.report import Report, ended, told

PARTS: Final = ("single", "person", "tenant", "half", "prober")
LIMITS: Final = {"tenant": 2.0, "half": 1.3}
"""Of the p95 of questions beside an erasure, over the idle one."""
QUICK_LIMIT: Final = 20.0
"""Seconds of a run on whatever machine: finds an accident, no regression."""
QUICK_TOLERANCE: Final = 30.0
HALF: Final = {"LETHE_INDEXING__SHARE": "0.25"}
"""Indexes are built anew in half of the time that is usual."""


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="lethe-tenant-") as paced, tempfile.TemporaryDirectory() as half:
        return ended("bench-erase", _run(arguments, Path(paced), Path(half)))


def _run(arguments: argparse.Namespace, paced: Path, half: Path) -> dict[str, Report]:
    quick: bool = arguments.quick
    chunks = 2_000 if quick else arguments.chunks
    idle = 10.0 if quick else 60.0
    limits = dict.fromkeys(LIMITS, QUICK_LIMIT) if quick else LIMITS
    runs: dict[str, Callable[[], Report]] = {
        "single": lambda: single(3 if quick else 10, tolerance=QUICK_TOLERANCE if quick else 1.0),
        "person": lambda: person(20 if quick else 100),
        "tenant": lambda: tenant(chunks, paced, idle_seconds=idle, limit=limits["tenant"], pace={}),
        "half": lambda: tenant(chunks, half, idle_seconds=idle, limit=limits["half"], pace=HALF),
        "prober": lambda: prober(100 if quick else arguments.probes),
    }
    return {name: told(name, runs[name]()) for name in arguments.parts}


def _arguments() -> argparse.Namespace:
    parser = parser_of("bench.erase", PARTS, quick="little of everything, wide limits")
    parser.add_argument("--chunks", type=int, default=50_000)
    parser.add_argument("--probes", type=int, default=2_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
