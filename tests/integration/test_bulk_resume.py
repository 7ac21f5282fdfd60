"""Kills during a bulk ingestion: nothing lost, nothing doubled, only what was in flight is embedded again."""

import asyncio
import io
import random
import zipfile
from collections.abc import Iterator
from typing import Any, cast

import pytest

from lethe.ingestion.bulk.batch import EMBED_PAGE
from lethe.ingestion.removal import blob_prefix
from lethe.model.ids import Id
from tests.integration import bulks
from tests.integration.installation import Installation, once
from tests.integration.snapshot import document_state

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

PLACES = (
    "ingest_batch:before",
    "batch.read:before",
    "batch.read:after",
    "batch.chunk:after",
    "batch.embed:after",
    "batch.index:after",
    "batch.switch:before",
    "batch.switch:after",
    "ingest_batch:after",
)
"""Before and after each effect of a batch."""
DOCUMENTS = 24


async def states(free: Installation, ingestion_id: Id) -> list[Any]:
    """What the stores hold of each document, by position; the ingestion's own id apart."""
    found: list[Any] = []
    for document_id in await bulks.live_documents(free, ingestion_id):
        state = await document_state(free, document_id)
        for row in state["rows"]["document_versions"]:
            row["ingestion_id"] = None
        found.append(state)
    return found


def differences(left: Any, right: Any, place: str = "") -> Iterator[str]:
    """Where two states differ: a whole state does not fit into a message."""
    parts = _parts(left), _parts(right)
    if parts[0] is None or parts[1] is None or parts[0].keys() != parts[1].keys():
        if left != right:
            yield f"{place}: {str(left)[:300]} != {str(right)[:300]}"
        return
    for name, part in parts[0].items():
        yield from differences(part, parts[1][name], f"{place}/{name}")


def _parts(value: Any) -> dict[object, Any] | None:
    if isinstance(value, dict):
        return cast("dict[object, Any]", value)
    if isinstance(value, (list, tuple)):
        return dict(enumerate(cast("list[Any]", value)))
    return None


async def chunk_count(free: Installation, ingestion_id: Id) -> int:
    items = (await bulks.use_cases(free).items(free.caller, ingestion_id, None, 0, 1_000)).views
    async with free.ledger.read() as uow:
        versions = await uow.versions.get_many(
            free.caller.tenant_id, [item.version_id for item in items if item.version_id]
        )
    return sum(version.chunk_count for version in versions.values())


async def check(free: Installation, disturbed: Id, texts: list[str], name: str, before: int) -> int:
    """The disturbed ingestion against an undisturbed one of the same texts; returns what was embedded again."""
    paid = bulks.embedded(free) - before
    again = paid - await chunk_count(free, disturbed)
    print(f"{name}: chunks embedded again after kill: {again}")
    undisturbed = await bulks.fill(free, bulks.uris(f"{name}/undisturbed", texts))
    async with free.worker():
        await bulks.start(free, undisturbed)
        await bulks.result(free, undisturbed)
    view = await bulks.use_cases(free).get(free.caller, disturbed)
    assert (view.state, view.added, view.updated, view.failed, view.lost) == ("done", len(texts), 0, 0, 0)
    left, right = await states(free, disturbed), await states(free, undisturbed)
    assert len(left) == len(right) == len(texts)
    assert list(differences(left, right)) == []
    return again


@pytest.mark.timeout(900)
async def test_a_kill_before_and_after_each_effect_of_a_batch(free: Installation) -> None:
    texts = [bulks.note(seed, 2) for seed in range(10_000, 10_000 + DOCUMENTS)]
    ingestion_id = await bulks.fill(free, bulks.uris("places/disturbed", texts))
    await bulks.start(free, ingestion_id)
    for place in PLACES:
        async with free.worker(place) as worker:
            await worker.killed()
    async with free.worker():
        await bulks.result(free, ingestion_id)
    again = await check(free, ingestion_id, texts, "places", 0)
    assert 0 <= again <= EMBED_PAGE


UNPACKING = ("unpack.entry:read", "unpack.forget:after")
"""Between the two transactions of an upload, and when the archive is gone but named."""


@pytest.mark.timeout(900)
async def test_kills_while_an_archive_is_unpacked(free: Installation) -> None:
    texts = [bulks.note(seed) for seed in range(30_000, 30_000 + 8)]
    prefix, cases = "file:///archived/", bulks.use_cases(free)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"note-{number}.txt", text)
    ingestion = await cases.start(free.caller, 4, {"source_prefix": prefix})
    await cases.keep_archive(free.caller, ingestion.id, once(made.getvalue()))
    await cases.close(free.caller, ingestion.id)
    await bulks.start(free, ingestion.id)
    for place in UNPACKING:
        async with free.worker(place) as worker:
            await worker.killed()
    async with free.worker():
        await bulks.result(free, ingestion.id)
    view = await cases.get(free.caller, ingestion.id)
    assert (view.state, view.total, view.added, view.failed, view.lost) == ("done", 8, 8, 0, 0)
    names = [item.name for item in (await cases.items(free.caller, ingestion.id, None, 0, 99)).views]
    assert names == [f"{prefix}note-{number}.txt" for number in range(8)]
    documents = await bulks.live_documents(free, ingestion.id)
    chunks = [await free.documents.chunks(free.caller, document_id, 0, 9) for document_id in documents]
    assert [" ".join(chunk.text for chunk in each) for each in chunks] == texts
    async with free.ledger.read() as uow:
        assert await uow.versions.left_by_archive(free.caller.tenant_id, ingestion.id) == []
    assert [blob async for blob in free.blobs.list(blob_prefix(free.caller.tenant_id, ingestion.id))] == []


@pytest.mark.timeout(900)
async def test_kills_at_random_moments(free: Installation) -> None:
    rng = random.Random(20_261_121)
    before = bulks.embedded(free)
    # One batch at a time, and more of them than kills: no kill comes after the last.
    texts = [bulks.note(seed, 2) for seed in range(20_000, 20_000 + 240)]
    ingestion_id = await bulks.fill(free, bulks.uris("random/disturbed", texts), window=1)
    await bulks.start(free, ingestion_id)
    kills = 4
    for _ in range(kills):
        worker = free.worker()
        async with worker:
            await bulks.until_more(free, ingestion_id)
            await asyncio.sleep(rng.uniform(0.0, 0.5))
            worker.process.kill()
    async with free.worker():
        await bulks.result(free, ingestion_id)
    again = await check(free, ingestion_id, texts, "random", before)
    assert 0 <= again <= kills * 2 * EMBED_PAGE
