"""`python -m migrations upgrade | current | revision BRANCH MESSAGE`, on the databases of the process's settings."""

import argparse
import asyncio
import sys

from lethe.errors import LetheError
from lethe.settings import load_settings
from migrations.runner import BRANCHES, current, upgrade, write_revision


def main() -> int:
    """Returns the exit code: 1 with one line on standard error when a store refuses."""
    parser = argparse.ArgumentParser(prog="python -m migrations", description="Bring the databases to their schema.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("upgrade", help="from empty or any earlier revision to the newest")
    commands.add_parser("current", help="the revision each database is at")
    revision = commands.add_parser("revision", help="write the next revision from the tables in the code")
    revision.add_argument("branch", choices=sorted(BRANCHES))
    revision.add_argument("message")
    arguments = parser.parse_args()
    settings = load_settings()
    try:
        if arguments.command == "revision":
            asyncio.run(write_revision(settings, arguments.branch, arguments.message))
            return 0
        if arguments.command == "upgrade":
            asyncio.run(upgrade(settings))
        for branch, at in asyncio.run(current(settings)).items():
            sys.stdout.write(f"{branch} {at or 'empty'}\n")
    except LetheError as error:
        sys.stderr.write(f"{error.code}: {error.detail}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
