"""A private Temporal dev server, started with the command line of the embedded stack."""

import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.stack.ports import HOST
from cli.stack.temporal import health_argv, retention_argv, server_argv
from tests.servers.ports import reserved_ports

_START_SECONDS = 120.0


@contextmanager
def temporal_server() -> Generator[str]:
    """Yield the address (`127.0.0.1:port`) of a server with the namespace `default`, and stop it at the end."""
    with TemporaryDirectory(prefix="lethe-temporal-") as folder:
        port = reserved_ports(1)[0]
        address = f"{HOST}:{port}"
        log = Path(folder) / "temporal.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                server_argv(Path(folder) / "temporal.db", port, None), stdout=out, stderr=out, start_new_session=True
            )
        try:
            _wait(server, address, log)
            subprocess.run(retention_argv(address, "default", 72), check=True, capture_output=True)
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while subprocess.run(health_argv(address), check=False, capture_output=True).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Temporal did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.1)
