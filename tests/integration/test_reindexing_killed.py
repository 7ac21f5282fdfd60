"""The chunker changes: all documents are cut anew though a worker dies over it; questions are answered meanwhile."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import httpx
import pytest
import pytest_asyncio

from lethe.ingestion.requests import Receipt
from lethe.model.documents import Version
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind
from lethe.settings import ChunkSettings, LimitSettings, WeaviateSettings
from tests.conftest import settings_at
from tests.integration.installation import Installation, environment_of, installation
from tests.integration.test_api_process import api
from tests.integration.test_cli_letters import Cli

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow, pytest.mark.timeout(400)]

DOCUMENTS: Final = 12
SECONDS: Final = 200.0


def text_of(number: int) -> str:
    """Long enough to be one chunk before, and several after."""
    return "\n\n".join(f"Buoy {name(number)} lies at mile {mile} of the channel, and is lit." for mile in range(8))


def name(number: int) -> str:
    """Spelt like no other."""
    return f"{'qwzx'[number % 4]}{'aeiou'[number % 5]}{'bdfgklm'[number % 7]}{number:02}"


@dataclass
class Probes:
    """Questions asked in turn, of one document each."""

    client: httpx.AsyncClient
    receipts: list[Receipt]
    count: int = 0
    wrong: list[str] = field(default_factory=list[str])

    async def run(self) -> None:
        """Until cancelled."""
        for number in itertools.cycle(range(len(self.receipts))):
            await self._ask(number)
            self.count += 1
            await asyncio.sleep(0.1)

    async def _ask(self, number: int) -> None:
        question = {"question": f"Where does buoy {name(number)} lie?", "top_k": 50}
        found = await self.client.post("/v1/search", json=question)
        items = found.json().get("items", [])
        own = [each for each in items if each["document_id"] == self.receipts[number].document_id]
        versions = {each["version_id"] for each in own}
        if len(versions) != 1 or not all(name(number) in each["text"] for each in own):
            self.wrong.append(f"search {number}: {found.status_code}, {len(items)} found, {len(versions)} versions")
        if number % 5 == 0:
            answer = (await self.client.post("/v1/query", json=question | {"top_k": 5, "no_store": True})).json()
            cited = {each["document_id"] for each in answer.get("citations", ())}
            if answer.get("answer_mode") != "extractive" or self.receipts[number].document_id not in cited:
                self.wrong.append(f"answer {number}: {answer.get('answer_mode')}, {answer.get('degraded_reasons')}")


@asynccontextmanager
async def probing(client: httpx.AsyncClient, receipts: list[Receipt]) -> AsyncGenerator[Probes]:
    probes = Probes(client, receipts)
    task = asyncio.create_task(probes.run())
    try:
        yield probes
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled(), task.exception()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def before(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Installation]:
    base = settings_at(tmp_path_factory.mktemp("cut"))
    update = {
        "limits": LimitSettings(drop_after_seconds=1),
        "testing": base.testing.model_copy(update={"free_embedder": True}),
        "temporal": base.temporal.model_copy(update={"heartbeat_seconds": 3.0, "sticky_seconds": 1.0}),
    }
    async with installation(base.model_copy(update=update), temporal_address, weaviate) as ready:
        yield ready


async def live(at: Installation, document_ids: list[Id]) -> dict[Id, Version]:
    async with at.ledger.read() as uow:
        documents = await uow.documents.get_many(at.caller.tenant_id, document_ids)
        named = [each.live_version_id for each in documents.values() if each.live_version_id]
        versions = await uow.versions.get_many(at.caller.tenant_id, named)
    return {each.document_id: each for each in versions.values()}


async def test_all_is_cut_anew_though_a_worker_dies_and_questions_are_answered_meanwhile(
    before: Installation, record_property: Callable[[str, object], None]
) -> None:
    async with before.worker():
        receipts = [await before.ingest(text_of(n), f"file:///{n}") for n in range(DOCUMENTS)]
        for each in receipts:
            assert (await before.ended(each.document_id)).status == "ready"
    ids = [each.document_id for each in receipts]
    first = await live(before, ids)
    assert {each.chunk_count for each in first.values()} == {1}

    settings = before.settings.model_copy(update={"chunks": ChunkSettings(target_tokens=32, overlap_tokens=0)})
    after = replace(before, settings=settings)
    revision = after.uploads.revision.chunker
    async with api(settings) as lethe:
        cli = Cli(environment_of(settings) | {"LETHE_API__PORT": str(lethe.client.base_url.port)})
        async with probing(lethe.client, receipts) as probes:
            async with after.worker() as dying:
                later = await after.ingest(text_of(DOCUMENTS), f"file:///{DOCUMENTS}")
                await after.result(later)
                estimate = await cli.json("reindex", "estimate", "--reason", "chunker")
                assert (estimate["matched"], estimate["chunker"], estimate["begun"]) == (DOCUMENTS, DOCUMENTS, 0)
                assert (estimate["chunks"], estimate["seconds"] > 0) == (DOCUMENTS, True)
                assert await live(after, ids) == first
                started = time.monotonic()
                begun = await cli.json("reindex", "start")
                await _until(after, ids, revision, least=3)
                dying.process.kill()
            async with after.worker():
                done = await cli.json("reindex", "status", begun["id"], "--watch")
                assert (done["state"], done["failed"], done["skipped"]) == ("done", 0, 0)
                await _until(after, ids, revision, least=DOCUMENTS)
                record_property("re-indexed, s", round(time.monotonic() - started, 1))
                second = await live(after, [*ids, later.document_id])
                assert min(each.chunk_count for each in second.values()) > 1
                assert second[later.document_id].id == later.version_id, "what is of now is left alone"

                again = await cli.json("reindex", "start", "--watch")
                assert (again["state"], again["matched"], again["begun"]) == ("done", 0, 0)
                assert await live(after, [*ids, later.document_id]) == second
                await _only_what_is_served(after, second)
                asked = probes.count
                while probes.count < asked + len(receipts):  # of every document, once it is cut anew
                    await asyncio.sleep(0.1)
    record_property("questions asked meanwhile", probes.count)
    assert probes.wrong == []


async def _until(at: Installation, ids: list[Id], revision: str, least: int) -> None:
    """So many documents are served as the chunker of now cuts them."""
    async with asyncio.timeout(SECONDS):
        while sum(each.made_by_chunker == revision for each in (await live(at, ids)).values()) < least:
            await asyncio.sleep(0.05)


async def _only_what_is_served(at: Installation, served: dict[Id, Version]) -> None:
    """What was replaced leaves ledger and index, and nothing else does."""
    tenant_id = at.caller.tenant_id
    wanted: set[Id] = set()
    async with at.ledger.read() as uow:
        (build,) = [each for each in await uow.builds.list(tenant_id) if each.kind is BuildKind.VECTOR]
        for version in served.values():
            wanted |= {each.id for each in await uow.chunks.of_version(tenant_id, version.id)}
    async with asyncio.timeout(SECONDS):
        while True:
            async with at.ledger.read() as uow:
                kept = await uow.versions.of_documents(tenant_id, list(served))
            held = {item.chunk_id for item in await at.index.page(build, None, 1_000)}
            if held == wanted and all(len(each) == 1 for each in kept.values()):
                return
            await asyncio.sleep(0.1)
