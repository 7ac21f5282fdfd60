"""A private Weaviate for tests, started as the embedded stack starts its own, in a temporary folder."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
from pydantic import SecretStr

from cli.stack import weaviate_server
from cli.stack.state import Ports, Secrets
from lethe.settings import WeaviateSettings
from tests.servers.ports import reserved_ports

_BOOT_SECONDS = 120.0
_PATIENT_SECONDS = 15.0
"""A search that takes longer is answered without the index, and a test of the index would see nothing of it."""


class WeaviateServer:
    """A server that can be killed and started again on the same ports and data."""

    def __init__(self, binary: Path, folder: Path) -> None:
        http, grpc = reserved_ports(2)
        (cluster,) = reserved_ports(1, run=4)
        self._ports = Ports(api=0, worker_metrics=0, weaviate=http, weaviate_grpc=grpc, weaviate_cluster=cluster)
        self._secrets = Secrets()
        self._binary = binary
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """Where its files are."""
        return self._folder / "data"

    @property
    def settings(self) -> WeaviateSettings:
        return WeaviateSettings(
            url=f"http://127.0.0.1:{self._ports.weaviate}",
            grpc_port=self._ports.weaviate_grpc,
            api_key=SecretStr(self._secrets.weaviate_api_key),
            timeout_seconds=_PATIENT_SECONDS,
        )

    def start(self) -> None:
        """Returns when the server is ready."""
        log = self._folder / "weaviate.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                weaviate_server.argv(self._binary, self._ports.weaviate),
                env=weaviate_server.environment(self._folder / "data", self._ports, self._secrets),
                cwd=self._folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + _BOOT_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._is_ready():
                return
            time.sleep(0.1)
        raise RuntimeError(f"Weaviate did not become ready: {log.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """It holds its connections and says nothing, until `thaw`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def copy_data(self, folder: Path) -> None:
        """Copy what a killed server has on disk."""
        shutil.copytree(self._folder / "data", folder)

    def put_back(self, folder: Path) -> None:
        """Give a killed server an older copy of its data."""
        shutil.rmtree(self._folder / "data")
        shutil.copytree(folder, self._folder / "data")

    def _is_ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.settings.url}/v1/.well-known/ready", timeout=1.0, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.is_success


@contextmanager
def weaviate_server_at(binary: Path) -> Generator[WeaviateServer, None, None]:
    """A server not yet started, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="lethe-weaviate-", ignore_cleanup_errors=True) as folder:
        server = WeaviateServer(binary, Path(folder))
        try:
            yield server
        finally:
            server.kill()


@contextmanager
def running_weaviate(binary: Path) -> Generator[WeaviateSettings, None, None]:
    """A server that is ready; yields how to reach it."""
    with weaviate_server_at(binary) as server:
        server.start()
        yield server.settings
