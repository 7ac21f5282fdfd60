"""A private S3 server (moto's), in memory."""

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from urllib.request import urlopen

from cli.stack.ports import HOST
from tests.servers.ports import reserved_ports

_BOOT_SECONDS = 120.0


class S3Server:
    """A server that can be stopped; it forgets everything."""

    def __init__(self) -> None:
        (self.port,) = reserved_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Returns when the server answers."""
        argv = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(self.port)]
        # So that a handful of objects is more than a page, as a thousand are elsewhere.
        environment = {**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": "2"}
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        deadline = time.monotonic() + _BOOT_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                urlopen(f"{self.url}/moto-api/", timeout=5).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the S3 server did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def running_s3() -> Generator[S3Server]:
    """A server that answers."""
    server = S3Server()
    server.start()
    try:
        yield server
    finally:
        server.stop()
