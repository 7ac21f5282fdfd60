"""The ways to a Weaviate binary, over a release server and a `go` of the test: a whole binary or none."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.stack.weaviate import VERSION, binary_path, ensure_binary, is_cached
from tests.integration.test_stack_supervisor import eventually
from tests.servers.ports import reserved_ports

PROGRAM = b"#!/bin/sh\necho whole\n"


def archive(member: str = "weaviate-server") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        for name, content in (("LICENSE", b"BSD"), (member, PROGRAM)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return out.getvalue()


class Release:
    """A server of release files, by the end of their address."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        release = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = next((body for end, body in release.files.items() if self.path.endswith(end)), None)
                self.send_response(200 if found is not None else 404)
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                self.wfile.write(found or b"")

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def release() -> Generator[Release]:
    server = Release()
    yield server
    server.close()


def fake_go(folder: Path, monkeypatch: pytest.MonkeyPatch, install: str) -> None:
    """A `go` that is new enough; `install` is the shell line it runs to build."""
    folder.mkdir()
    program = folder / "go"
    program.write_text(
        f'#!/bin/sh\ncase "$1" in\nversion) echo "go version go1.27.3 linux/amd64";;\ninstall) {install};;\nesac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def nothing_listens() -> str:
    return f"http://127.0.0.1:{reserved_ports(1)[0]}"


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_a_cached_binary_is_taken_as_it_is(tmp_path: Path) -> None:
    binary_path(tmp_path).write_bytes(PROGRAM)
    binary_path(tmp_path).chmod(0o755)
    said: list[str] = []
    assert ensure_binary(tmp_path, said.append, nothing_listens()) == binary_path(tmp_path)
    assert said == []


@pytest.mark.skipif(sys.platform != "linux", reason="the release for Linux is a tar archive")
@pytest.mark.parametrize("member", ["weaviate", "weaviate-server"])
def test_the_release_is_taken_when_its_checksum_matches(tmp_path: Path, release: Release, member: str) -> None:
    packed = archive(member)
    release.files = {".tar.gz": packed, ".sha256": f"{hashlib.sha256(packed).hexdigest()}  weaviate.tar.gz\n".encode()}
    binary = ensure_binary(tmp_path, print, release.url)
    assert subprocess.run([binary], capture_output=True, check=True).stdout == b"whole\n"
    assert left_in(tmp_path) == [binary.name]


@pytest.mark.parametrize("checksum", [b"0" * 64, b"no digest here", None])
def test_a_release_that_cannot_be_trusted_is_built_instead(
    tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch, checksum: bytes | None
) -> None:
    release.files = {".tar.gz": archive(), ".zip": archive()}
    if checksum is not None:
        release.files[".sha256"] = checksum
    fake_go(
        tmp_path / "bin", monkeypatch, 'mkdir -p "$GOBIN" && echo "#!/bin/sh\necho built" > "$GOBIN/weaviate-server"'
    )
    cache = tmp_path / "cache"
    cache.mkdir()
    binary = ensure_binary(cache, print, release.url)
    assert subprocess.run([binary], capture_output=True, check=True).stdout == b"built\n"


def test_without_a_network_it_goes_on_at_once_and_builds_under_the_cache_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = tmp_path / "environment"
    fake_go(
        tmp_path / "bin",
        monkeypatch,
        f'env > {written}; mkdir -p "$GOBIN" && echo "#!/bin/sh" > "$GOBIN/weaviate-server"',
    )
    cache = tmp_path / "cache"
    cache.mkdir()
    said: list[str] = []
    started = time.monotonic()
    ensure_binary(cache, said.append, nothing_listens())
    assert time.monotonic() - started < 60
    assert is_cached(cache)
    env = {name: value for name, _, value in (line.partition("=") for line in written.read_text().splitlines())}
    for name in ("GOPATH", "GOCACHE", "GOBIN", "GOTMPDIR", "XDG_CONFIG_HOME"):
        assert Path(env[name]).is_relative_to(cache)
    assert env["CGO_ENABLED"] == "0"
    assert left_in(cache) == [binary_path(cache).name], "the scratch folder is gone"
    assert any("building" in line for line in said)


def test_a_build_that_fails_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = 'mkdir -p "$GOBIN" && echo half > "$GOBIN/weaviate-server"; echo "proxy: connection refused" >&2; exit 1'
    fake_go(tmp_path / "bin", monkeypatch, half)
    cache = tmp_path / "cache"
    cache.mkdir()
    with pytest.raises(CommandError) as raised:
        ensure_binary(cache, print, nothing_listens())
    assert f"Weaviate {VERSION} could not be built: proxy: connection refused" in raised.value.message
    assert "WEAVIATE_URL" in raised.value.advice
    assert left_in(cache) == []


def test_two_processes_build_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds, may_end = tmp_path / "builds", tmp_path / "may-end"
    fake_go(
        tmp_path / "bin",
        monkeypatch,
        f"echo x >> {builds}; while ! test -e {may_end}; do sleep 0.1; done; "
        'mkdir -p "$GOBIN" && echo "#!/bin/sh" > "$GOBIN/weaviate-server"',
    )
    cache = tmp_path / "cache"
    cache.mkdir()
    code = (
        "import sys; from pathlib import Path; from cli.stack.weaviate import ensure_binary;"
        "ensure_binary(Path(sys.argv[1]), print, sys.argv[2])"
    )
    said = [tmp_path / "one", tmp_path / "other"]
    pair: list[subprocess.Popen[bytes]] = []
    for each in said:
        with each.open("wb") as out:
            command = [sys.executable, "-u", "-c", code, str(cache), nothing_listens()]
            pair.append(subprocess.Popen(command, stdout=out))

    def waiting() -> int:
        return sum("another process is preparing" in each.read_text() for each in said)

    try:
        eventually(lambda: waiting() == 1)
    finally:
        may_end.touch()
    assert [process.wait(60) for process in pair] == [0, 0]
    assert builds.read_text() == "x\n"
    assert waiting() == 1


def test_what_a_killed_build_left_is_removed_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_go(tmp_path / "bin", monkeypatch, 'mkdir -p "$GOBIN" && echo "#!/bin/sh" > "$GOBIN/weaviate-server"')
    cache = tmp_path / "cache"
    (cache / f"weaviate-{VERSION}-abandoned" / "gopath").mkdir(parents=True)
    ensure_binary(cache, print, nothing_listens())
    assert left_in(cache) == [binary_path(cache).name]
