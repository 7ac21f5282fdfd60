"""The API as a process, over real Temporal, Weaviate and SQL: answers, the ladder, a kill, memory, and its end."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from api.dispatching import FAILPOINT
from lethe.model.ids import Id
from lethe.settings import Settings
from tests.integration.installation import FAILPOINT_EXIT, Installation, environment_of
from tests.servers.ports import reserved_ports

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASK = {"question": "What happens to those who drink from the Lethe?"}
NEW = {"no_store": True}
"""Each answer is made anew, whatever earlier tests asked."""
TEXT = b"# Rivers\n\nThe Lethe is a river of the underworld. Who drinks from the Lethe forgets everything.\n"


class ApiProcess:
    """`python -m api` and a client of it with the admin's key."""

    def __init__(self, settings: Settings, process: subprocess.Popen[bytes], client: httpx.AsyncClient) -> None:
        self.settings = settings
        self.process = process
        self.client = client

    async def uploaded(self, name: str = "rivers.md", **headers: str) -> httpx.Response:
        return await self.client.post("/v1/documents", files={"file": (name, TEXT, "text/markdown")}, headers=headers)

    async def ready(self, location: str, *, leaving: str = "") -> dict[str, object]:
        """The document once its ingestion ended; ``leaving``: not as it was before a retry."""
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            document = (await self.client.get(location)).json()
            if document["status"] in {"ready", "failed"} - {leaving}:
                return document
            await asyncio.sleep(0.2)
        raise AssertionError(document)  # pyright: ignore[reportPossiblyUnboundVariable]


@asynccontextmanager
async def api(settings: Settings, **environment: str) -> AsyncGenerator[ApiProcess]:
    port = reserved_ports(1)[0]
    key = (settings.state / "admin.key").read_text().strip()
    log = settings.state / "api.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "api"],
            env=environment_of(settings) | {"LETHE_API__PORT": str(port)} | environment,
            stdout=out,
            stderr=out,
        )
    headers = {"Authorization": f"Bearer {key}"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            await _until_it_serves(client, process, log)
            yield ApiProcess(settings, process, client)
    finally:
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, 90)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


async def _until_it_serves(client: httpx.AsyncClient, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if (await client.get("/v1/health")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError(log.read_text()[-3000:])


async def test_a_file_becomes_a_cited_answer_and_goes_without_a_trace(running: Installation) -> None:
    async with api(running.settings) as lethe:
        first = await lethe.uploaded(**{"Idempotency-Key": "rivers"})
        assert first.status_code == 202
        location = first.headers["location"]
        assert (await lethe.ready(location))["status"] == "ready"
        again = await lethe.uploaded(**{"Idempotency-Key": "rivers"})
        assert again.json() == first.json()

        answer = (await lethe.client.post("/v1/query", json=ASK | NEW)).json()
        assert answer["answer_mode"] == "extractive"
        assert answer["citations"][0]["document_id"] == first.json()["document_id"]
        assert "forgets everything" in answer["answer"]
        assert answer["is_degraded"] is False
        assert answer["provenance"]["index_build_id"]
        found = (await lethe.client.post("/v1/search", json=ASK)).json()
        assert len(found["items"]) == 1
        assert len((await lethe.client.get(f"{location}/chunks")).json()["items"]) == 1

        renamed = await lethe.client.patch(location, json={"title": "Greek rivers"})
        assert renamed.json()["outcome"] == "metadata_updated"
        assert (await lethe.client.get(location)).json()["title"] == "Greek rivers"

        assert (await lethe.client.delete(location)).status_code == 202
        assert (await lethe.client.get(location)).status_code == 404
        assert (await lethe.client.post("/v1/search", json=ASK)).json()["items"] == []
        shown = await lethe.client.get(f"/v1/queries/{answer['id']}")
        assert b"forgets" not in shown.content


async def test_questions_are_answered_quickly_by_the_process_that_took_them(
    running: Installation, record_property: Callable[[str, object], None]
) -> None:
    async with api(running.settings) as lethe:
        await lethe.ready((await lethe.uploaded()).headers["location"])
        for _ in range(3):
            await lethe.client.post("/v1/query", json=ASK | NEW)
        started = time.monotonic()
        answers = [(await lethe.client.post("/v1/query", json=ASK | NEW)).json() for _ in range(10)]
        record_property("answered in, ms", round((time.monotonic() - started) * 100))
    assert {answer["answer_mode"] for answer in answers} == {"extractive"}
    for answer in answers:
        workflow_id = f"answer-question/{running.caller.tenant_id}/{answer['id']}"
        history = await running.client.get_workflow_handle(workflow_id).fetch_history()
        # Without eager start a question waits for polls.
        assert history.events[0].workflow_execution_started_event_attributes.eager_execution_accepted


async def test_without_temporal_it_starts_searches_and_gives_passages(running: Installation) -> None:
    async with api(running.settings) as lethe:
        await lethe.ready((await lethe.uploaded()).headers["location"])
    async with api(running.settings, LETHE_TEMPORAL__ADDRESS=f"127.0.0.1:{reserved_ports(1)[0]}") as lethe:
        health = (await lethe.client.get("/v1/health")).json()
        assert (health["status"], health["stores"]["temporal"], health["stores"]["sql"]) == ("degraded", "down", "up")
        assert (await lethe.client.post("/v1/search", json=ASK)).json()["items"]
        started = time.monotonic()
        answer = (await lethe.client.post("/v1/query", json=ASK | NEW)).json()
        assert time.monotonic() - started < running.settings.limits.question_seconds / 2
        assert (answer["answer_mode"], answer["degraded_reasons"]) == ("passages", ["workflows_down"])
        assert answer["citations"]
        # Taken in all the same: the sweeper of the worker, which does reach Temporal, starts it.
        location = (await lethe.uploaded("later.md")).headers["location"]
        assert (await lethe.ready(location))["status"] == "ready"


async def test_an_api_killed_between_commit_and_start_loses_nothing(running: Installation) -> None:
    async with api(running.settings, LETHE_TESTING__FAILPOINT=FAILPOINT) as lethe:
        with pytest.raises(httpx.TransportError):
            await lethe.uploaded("killed.md")
        assert await asyncio.to_thread(lethe.process.wait, 30) == FAILPOINT_EXIT
    async with api(running.settings) as lethe:
        newest = (await lethe.client.get("/v1/documents", params={"limit": 1})).json()["items"][0]
        assert newest["source_uri"].endswith("killed.md")
        assert (await lethe.ready(f"/v1/documents/{newest['id']}"))["status"] == "ready"


async def test_a_large_upload_does_not_fill_the_memory(running: Installation) -> None:
    size = 48 * 1024 * 1024

    async def form() -> AsyncIterator[bytes]:
        yield b'--b0\r\ncontent-disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
        for _ in range(size // 65_536):
            yield bytes(65_536)
        yield b"\r\n--b0--\r\n"

    async with api(running.settings) as lethe:
        before = _peak_kib(lethe.process.pid)
        response = await lethe.client.post(
            "/v1/documents", content=form(), headers={"content-type": "multipart/form-data; boundary=b0"}
        )
        assert response.status_code == 202
        assert (await lethe.client.get(response.headers["location"])).json()["size_bytes"] == size
        assert _peak_kib(lethe.process.pid) - before < 16 * 1024


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


async def _questions(installation: Installation) -> set[Id]:
    """Those that a process has taken."""
    async with installation.ledger.read() as uow:
        return {each.id for each in await uow.questions.newest(installation.caller.tenant_id, 100)}


async def test_it_ends_cleanly_when_told_to(prepared: Installation) -> None:
    async with api(prepared.settings) as lethe:
        before = await _questions(prepared)
        asked = asyncio.create_task(lethe.client.post("/v1/query", json=ASK | NEW))
        while await _questions(prepared) == before:
            await asyncio.sleep(0.01)
        lethe.process.terminate()
        assert (await asked).status_code == 200
        assert await asyncio.to_thread(lethe.process.wait, 60) == 0
