"""Stand-ins of Microsoft's and Google's object stores, where they are installed: Azurite, gcp-storage-emulator."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from cli.stack.ports import HOST
from tests.servers.ports import reserved_ports

AZURITE = shutil.which("azurite-blob")
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own, and known to everybody."""
_BOOT_SECONDS = 120.0


@contextmanager
def running_azurite() -> Generator[dict[str, str]]:
    """What its driver is to be told."""
    (port,) = reserved_ports(1)
    told = {
        "DefaultEndpointsProtocol": "http",
        "AccountName": _ACCOUNT,
        "AccountKey": _KEY,
        "BlobEndpoint": f"http://{HOST}:{port}/{_ACCOUNT}",
    }
    argv = [str(AZURITE), "--blobPort", str(port), "--inMemoryPersistence", "--skipApiVersionCheck", "--silent"]
    with _running(argv, port):
        yield {"connection_string": "".join(f"{name}={value};" for name, value in told.items())}


@contextmanager
def running_gcs() -> Generator[dict[str, str]]:
    """What its driver is to be told."""
    (port,) = reserved_ports(1)
    argv = [sys.executable, "-m", "gcp_storage_emulator", "start", "--host", HOST, "--port", str(port), "--in-memory"]
    with _running(argv, port):
        yield {"endpoint_url": f"http://{HOST}:{port}", "token": "anon"}


@contextmanager
def _running(argv: Sequence[str], port: int) -> Generator[None]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port)
        yield
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _BOOT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args} did not start")
