"""`python -m workers.witness`."""

import logging
import signal
import sys
import threading

from lethe.errors import ConfigurationError, LetheError
from lethe.settings import load_settings
from lethe.telemetry import configure_logging
from workers.witness.server import WitnessCalls, make_server
from workers.witness.wiring import witness_state

logger = logging.getLogger("lethe.witness")


def main() -> int:
    """Serve until told to stop. Returns the exit code."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        token = settings.witness.token.get_secret_value()
        if not token:
            raise ConfigurationError("the witness needs witness.token")
        calls = WitnessCalls(witness_state(settings))
        server = make_server(settings.witness.host, settings.witness.port, token, calls)
    except (ValueError, OSError, LetheError) as error:
        sys.stderr.write(f"{error}\n")
        return 1

    def stop(_number: int, _frame: object) -> None:
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        # From a thread: `shutdown` waits for the loop that this handler interrupts.
        signal.signal(number, stop)
    logger.info("witness ready")
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
