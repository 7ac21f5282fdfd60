"""Hostile files and malware through the whole installation: a dead letter each, and the worker goes on."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from lethe.adapters.fakes.malware import EICAR
from lethe.model.blobs import BlobName
from lethe.model.documents import Status
from lethe.settings import LimitSettings, MalwareSettings, WeaviateSettings
from tests.conftest import settings_at
from tests.hostile import INGESTED, cases_of
from tests.hostile.office import packed, word
from tests.integration.installation import Installation, installation
from tests.servers.clamd import FakeClamd, fake_clamd

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAMPLED = (
    "zip bomb, flat", "zip bomb, overlapping", "external entity, host", "billion laughs", "macro", "encrypted",
    "page bomb", "hostile names", "deep json", "epub bomb",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scanned:
    """An installation whose worker asks this scanner."""

    running: Installation
    clamd: FakeClamd


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scanned(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Scanned]:
    async with fake_clamd() as (clamd, address):
        clamd.max_bytes = 1 << 28
        base = settings_at(tmp_path_factory.mktemp("scanned")).model_copy(
            update={"limits": LimitSettings(drop_after_seconds=1), "malware": MalwareSettings(clamd=address)}
        )
        async with installation(base, temporal_address, weaviate) as ready, ready.worker():
            yield Scanned(ready, clamd)


async def test_a_sample_of_each_kind_has_its_outcome(scanned: Scanned) -> None:
    """The last variant of a class."""
    running = scanned.running
    sample = [list(cases_of(name))[-1] for name in SAMPLED]
    receipts = [
        await running.ingest(case.data, f"file:///{number}/{case.filename}") for number, case in enumerate(sample)
    ]
    found: list[tuple[str, str, str]] = []
    for case, receipt in zip(sample, receipts, strict=True):
        view = await running.ended(receipt.document_id, 240)
        code = INGESTED if view.status is Status.READY else view.failure.code if view.failure else ""
        found.append((case.klass, case.filename, code))
    assert found == [(case.klass, case.filename, case.expected) for case in sample]


async def elements_of(running: Installation, version_id: str) -> list[str]:
    prefix = f"{running.caller.tenant_id}/{version_id}/"
    return [key async for key in running.blobs.list(prefix) if key.endswith(BlobName.ELEMENTS)]


async def test_malware_is_a_dead_letter_and_is_never_parsed(scanned: Scanned) -> None:
    running = scanned.running
    data = packed({**word(), "word/media/image1.png": b"\x89PNG"}) + EICAR
    receipt = await running.ingest(data, "file:///eicar.docx")
    view = await running.ended(receipt.document_id)
    assert view.failure is not None
    assert view.failure.code == "malware_found"
    assert "Fake.Eicar" in view.failure.detail
    assert data in scanned.clamd.seen
    assert await elements_of(running, receipt.version_id) == []


async def test_without_a_verdict_nothing_is_parsed_and_a_retry_may_succeed(scanned: Scanned) -> None:
    running = scanned.running
    scanned.clamd.script = "error"
    try:
        receipt = await running.ingest("The harbour crane lifts forty tonnes.", "file:///crane.txt")
        view = await running.ended(receipt.document_id, 120)
    finally:
        scanned.clamd.script = ""
    assert view.failure is not None
    assert view.failure.code == "malware_scanner_unavailable"
    assert await elements_of(running, receipt.version_id) == []
    await running.decide(receipt, "retry")
    await running.result(receipt)
    assert (await running.documents.get(running.caller, receipt.document_id)).status is Status.READY
