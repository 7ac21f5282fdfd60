"""The embedded stack as `lethe up` starts it, fed by bulk ingestions, with the CPU of each of its processes."""

import re
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from bench.processes import cpu_seconds, resident_bytes
from cli.stack.weaviate import ensure_binary
from lethe.settings import Settings, WeaviateSettings
from tests.servers.stack import Stack

LETHE = ("api", "worker")
SERVERS = ("temporal", "weaviate")
WARM_UP = 12
FILES_PER_REQUEST = 100
REQUEST_SECONDS = 600.0
POLL_SECONDS = 1.0
_EMBEDDED = re.compile(r'rag_chunks_embedded_total\{source="computed"\} ([\d.e+]+)')
_READY = re.compile(r'rag_documents_total\{outcome="ready"\} ([\d.e+]+)')


@dataclass(frozen=True, slots=True)
class Taken:
    """What one ingestion cost. CPU seconds by process; ``worker`` includes the children that parse."""

    outcomes: dict[str, int]
    failures: list[dict[str, Any]]
    seconds: float
    cpu: dict[str, float]
    embedded: int

    @property
    def lethe(self) -> float:
        """CPU seconds of Lethe's own processes; the servers would run for the plain script too, or not be Lethe's."""
        return sum(self.cpu[name] for name in LETHE)


@dataclass(frozen=True, slots=True)
class Installation:
    """A running stack and a client of its API."""

    stack: Stack
    api: httpx.Client

    @property
    def weaviate(self) -> WeaviateSettings:
        """Where its Weaviate is, and the key."""
        record = self.stack.folder.record()
        assert record is not None
        assert record.ports is not None
        return WeaviateSettings(
            url=self.stack.address("weaviate"),
            grpc_port=record.ports.weaviate_grpc,
            api_key=SecretStr(self.stack.folder.secrets().weaviate_api_key),
        )

    @property
    def is_free(self) -> bool:
        """Whether its embedder is the one that costs nothing."""
        return self.stack.env["LETHE_TESTING__FREE_EMBEDDER"] == "true"

    def pid(self, name: str) -> int:
        record = self.stack.folder.record()
        assert record is not None
        return record.children[name].process.pid

    def cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(self.pid(name)) for name in (*LETHE, *SERVERS)}

    def worker_bytes(self) -> int:
        return resident_bytes(self.pid("worker"))

    def embedded(self) -> int:
        """Chunks the embedder was asked for since the worker started."""
        return self._metric(_EMBEDDED)

    def ready(self) -> int:
        """Versions that became live since the worker started."""
        return self._metric(_READY)

    def ingest(self, folder: Path) -> Taken:
        """Every file of the folder as one bulk ingestion, until each is ready or has failed."""
        before, embedded, started = self.cpu(), self.embedded(), time.perf_counter()
        ingestion = self._send(sorted(folder.iterdir()), f"{folder.as_uri()}/")
        view = self._get(ingestion)
        while view["state"] not in {"done", "cancelled"} or view["done"] < view["total"]:
            time.sleep(POLL_SECONDS)
            view = self._get(ingestion)
        return Taken(
            outcomes={name: view[name] for name in ("added", "updated", "skipped", "failed")},
            failures=list(self._pages(f"{ingestion}/documents", status="failed")),
            seconds=time.perf_counter() - started,
            cpu={name: seconds - before[name] for name, seconds in self.cpu().items()},
            embedded=self.embedded() - embedded,
        )

    def _send(self, files: Sequence[Path], prefix: str) -> str:
        """The path of a closed ingestion of the files, sent a hundred a request."""
        fields = {"source_prefix": prefix}
        path = "/v1/ingestions"
        for start in range(0, len(files), FILES_PER_REQUEST):
            sent = [("file", (file.name, file.read_bytes())) for file in files[start : start + FILES_PER_REQUEST]]
            form = fields | ({"open": "true"} if start == 0 else {})
            target = path if start == 0 else f"{path}/documents"
            answer = self.api.post(target, data=form, files=sent, timeout=REQUEST_SECONDS).raise_for_status().json()
            path = f"/v1/ingestions/{answer['id']}"
        self.api.post(f"{path}/close").raise_for_status()
        return path

    def _get(self, path: str) -> dict[str, Any]:
        return self.api.get(path).raise_for_status().json()

    def documents(self) -> Iterable[dict[str, Any]]:
        return self._pages("/v1/documents")

    def chunks(self, document_id: str) -> list[dict[str, Any]]:
        return list(self._pages(f"/v1/documents/{document_id}/chunks"))

    def delete(self, document_id: str) -> None:
        self.api.delete(f"/v1/documents/{document_id}").raise_for_status()

    def _pages(self, path: str, **filters: str) -> Iterable[dict[str, Any]]:
        cursor: str | None = None
        while True:
            parameters = {"limit": "200", **filters} | ({"cursor": cursor} if cursor else {})
            page = self.api.get(path, params=parameters).raise_for_status().json()
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _metric(self, pattern: re.Pattern[str]) -> int:
        port = self.stack.env["LETHE_WORKER__METRICS_PORT"]
        found = pattern.search(httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=30).text)
        return int(float(found[1])) if found else 0


@contextmanager
def running(*, is_free: bool, extra: Mapping[str, str] | None = None) -> Generator[Installation]:
    """A fresh stack whose code, model and parse children are loaded. ``is_free``: with the embedder that is free.

    ``extra`` is further environment for its processes.
    """
    environment = {
        "LETHE_TESTING__FREE_EMBEDDER": str(is_free).lower(),
        "LETHE_LIMITS__DROP_AFTER_SECONDS": "1",
        "LETHE_WORKER__NICENESS": "0",
        **(extra or {}),
    }
    ensure_binary(Settings().cache, say)
    with tempfile.TemporaryDirectory(prefix="lethe-bench-", ignore_cleanup_errors=True) as folder:
        stack = Stack(Path(folder) / "state", environment)
        try:
            stack.run("up", "--detach")
            with _client(stack) as api:
                installation = Installation(stack, api)
                _warm(installation, Path(folder) / "warm")
                yield installation
        finally:
            stack.run("down")


def _client(stack: Stack) -> httpx.Client:
    headers = {"X-API-Key": stack.admin_key}
    return httpx.Client(base_url=stack.address("api"), headers=headers, timeout=60, trust_env=False)


def _warm(installation: Installation, folder: Path) -> None:
    folder.mkdir()
    for number in range(WARM_UP):
        (folder / f"warm-{number}.rst").write_text(f"Warming up\n==========\n\nText number {number} of a few.\n")
    taken = installation.ingest(folder)
    assert taken.outcomes["added"] == WARM_UP, taken
    for document in list(installation.documents()):
        installation.delete(document["id"])


def say(line: str) -> None:
    """To standard error: standard output is for the JSON line."""
    print(line, file=sys.stderr, flush=True)
