"""Git repositories that tests write."""

import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

_NOBODY: Final = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Checkout:
    """A repository with its files beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch", "main")

    def put(self, path: str, body: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(body)

    def commit(self) -> str:
        """Everything there is; the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it is")
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **_NOBODY},
            check=True,
            capture_output=True,
            input=stdin.encode(),
        )
        return done.stdout.decode()


class _Backend(BaseHTTPRequestHandler):
    """Git's own server program, behind a password where there is one."""

    server: "GitServer"  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self.server.authorizations.append(self.headers.get("authorization", ""))
        if target := self.server.redirects.get(self.path.partition("?")[0]):
            self.send_response(301)
            self.send_header("location", target)
            self.end_headers()
        elif self.server.password and self.headers.get("authorization") != self.server.password:
            self.send_error(401)
        else:
            self._run()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        return None

    def _run(self) -> None:
        path, _, query = self.path.partition("?")
        sent = self.rfile.read(int(self.headers.get("content-length", "0")))
        environment = {
            **_NOBODY,
            "PATH": os.defpath,
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(sent)),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], env=environment, input=sent, capture_output=True, check=False)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)


class GitServer(ThreadingHTTPServer):
    """Serves every repository of a folder over HTTP. ``password``: the header it wants; ``redirects`` by path."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Backend)
        self.folder = folder
        self.password = ""
        self.redirects: dict[str, str] = {}
        self.authorizations: list[str] = []


@contextmanager
def git_server(folder: Path) -> Generator[GitServer]:
    """Until the end of the block."""
    server = GitServer(folder)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
