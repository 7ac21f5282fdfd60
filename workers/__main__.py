"""`python -m workers run` and `python -m workers bootstrap`."""

import asyncio
import json
import os
import sys

from lethe.errors import LetheError
from lethe.settings import load_settings
from lethe.telemetry import configure_logging
from workers.bootstrap import bootstrap
from workers.process import run


def main(arguments: list[str]) -> int:
    """Run a worker, or prepare the stores. Returns the exit code."""
    if arguments not in (["run"], ["bootstrap"]):
        sys.stderr.write("usage: python -m workers run | bootstrap\n")
        return 2
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        if arguments == ["bootstrap"]:
            sys.stdout.write(json.dumps(asyncio.run(bootstrap(settings))) + "\n")
            return 0
        asyncio.run(run(settings))
    except (ValueError, LetheError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # The SDK's native threads can abort an interpreter that is tearing down (sdk-python issue 300).
    os._exit(code)
