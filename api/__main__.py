"""`python -m api`."""

import asyncio
import os
import sys
from collections.abc import Callable

from api.process import run
from lethe.errors import LetheError
from lethe.settings import load_settings
from lethe.telemetry import configure_logging


def _event_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where there is one: a question is some hundred turns of the loop."""
    if sys.platform == "win32":
        return None
    from uvloop import new_event_loop  # noqa: PLC0415

    return new_event_loop


def main() -> int:
    """Serve the API. Returns the exit code."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        with asyncio.Runner(loop_factory=_event_loop()) as runner:
            runner.run(run(settings))
    except (ValueError, LetheError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The SDK's native threads can abort an interpreter that is tearing down (sdk-python issue 300).
    os._exit(code)
