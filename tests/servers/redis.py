"""A private Redis for tests, started as production starts its own: nothing on disk."""

import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from cli.stack.ports import HOST
from lethe.settings import RedisSettings
from tests.servers.ports import reserved_ports

MEMORY_ONLY = ("--save", "", "--appendonly", "no")
_BOOT_SECONDS = 120.0


class RedisServer:
    """A server that can be killed, frozen and started again on the same port."""

    def __init__(self, binary: str, *options: str) -> None:
        (self.port,) = reserved_ports(1)
        self._argv = [binary, "--port", str(self.port), "--bind", HOST, *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    @property
    def settings(self) -> RedisSettings:
        return RedisSettings(url=SecretStr(self.url))

    def start(self) -> None:
        """Returns when the server answers."""
        self._process = subprocess.Popen(self._argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp")
        deadline = time.monotonic() + _BOOT_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._command("ping") == "PONG":
                return
            time.sleep(0.02)
        raise RuntimeError("redis-server did not start")

    def freeze(self) -> None:
        """It holds its connections and says nothing, until `thaw`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def empty(self) -> None:
        self._command("flushall")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _command(self, *words: str) -> str:
        done = subprocess.run(
            ["redis-cli", "-h", HOST, "-p", str(self.port), *words], capture_output=True, check=False, timeout=60
        )
        return done.stdout.decode().strip()


@contextmanager
def running_redis(*options: str) -> Generator[RedisServer]:
    """A server that answers. Skips the test on a machine without Redis."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    server = RedisServer(binary, *(options or MEMORY_ONLY))
    server.start()
    try:
        yield server
    finally:
        server.kill()
