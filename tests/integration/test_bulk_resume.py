"""Kills during a bulk ingestion: nothing lost, nothing doubled, only what was in flight is embedded again."""

import asyncio
import io
import random
import zipfile
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from typing import Any, cast

import pytest
import pytest_asyncio

from lethe.ingestion.removal import blob_prefix
from lethe.model.ids import Id
from lethe.settings import BulkSettings, LimitSettings, TemporalSettings
from tests.conftest import settings_at
from tests.integration import bulks
from tests.integration.installation import Installation, once
from tests.integration.killable import Killable, killable
from tests.integration.snapshot import documents_state

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

PLACES = (
    "batch.read:before",
    "batch.read:after",
    "batch.chunk:after",
    "batch.embed:computed",
    "batch.embed:after",
    "batch.index:after",
    "batch.switch:after",
    "ingest_batch:after",
)
"""Before and after each effect of a batch; once also when vectors are paid for and not yet stored."""
BATCH = 5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Killable]:
    """No worker runs; embeddings cost nothing but are counted, and a dead worker is noticed soon."""
    base = settings_at(tmp_path_factory.mktemp("state"))
    quick = base.model_copy(
        update={
            "limits": LimitSettings(drop_after_seconds=1),
            "testing": base.testing.model_copy(update={"free_embedder": True}),
            "temporal": TemporalSettings(heartbeat_seconds=5, sticky_seconds=1),
            "bulk": BulkSettings(batch_documents=BATCH),
        }
    )
    async with killable(quick, tmp_path_factory.mktemp("servers")) as ready:
        yield ready
        await ready.rest()


async def state_of(free: Installation, ingestions: Sequence[Id]) -> dict[str, Any]:
    """What the stores hold of their documents, named in order; what is the ingestions' own apart."""
    documents = [each for ingestion_id in ingestions for each in await bulks.live_documents(free, ingestion_id)]
    state = await documents_state(free, documents)
    for row in state["rows"]["document_versions"]:
        row["ingestion_id"] = row["position"] = None
    return state


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


async def chunk_counts(free: Installation, ingestion_id: Id) -> list[int]:
    """Of each document."""
    items = (await bulks.use_cases(free).items(free.caller, ingestion_id, None, 0, 1_000)).views
    async with free.ledger.read() as uow:
        versions = await uow.versions.get_many(
            free.caller.tenant_id, [item.version_id for item in items if item.version_id]
        )
    return [version.chunk_count for version in versions.values()]


async def check(free: Installation, disturbed: Sequence[Id], texts: list[str], name: str, before: int) -> int:
    """The disturbed ingestions against an undisturbed one of the same texts; returns what was embedded again."""
    paid = bulks.embedded(free) - before
    again = paid - sum([sum(await chunk_counts(free, each)) for each in disturbed])
    undisturbed = await bulks.fill(free, bulks.uris(f"{name}/undisturbed", texts))
    async with free.worker():
        await bulks.start(free, undisturbed)
        await bulks.result(free, undisturbed)
    views = [await bulks.use_cases(free).get(free.caller, each) for each in disturbed]
    assert {(view.state, view.updated, view.failed, view.lost) for view in views} == {("done", 0, 0, 0)}
    assert sum(view.added for view in views) == len(texts)
    left, right = await state_of(free, disturbed), await state_of(free, [undisturbed])
    assert len(left["rows"]["documents"]) == len(texts)
    assert list(differences(left, right)) == []
    return again


@pytest.mark.timeout(600)
async def test_a_kill_before_and_after_each_effect_of_a_batch(
    stack: Killable, record_property: Callable[[str, object], None]
) -> None:
    """An ingestion of one batch for each kill: Temporal tries a batch again the later the more often it failed."""
    free, before = stack.installed, bulks.embedded(stack.installed)
    texts = [bulks.note(seed, 2) for seed in range(10_000, 10_000 + len(PLACES) * BATCH)]
    files = list(bulks.uris("places/disturbed", texts).items())
    disturbed: list[Id] = []
    for number, place in enumerate(PLACES):
        disturbed.append(await bulks.fill(free, dict(files[number * BATCH :][:BATCH])))
        await bulks.start(free, disturbed[-1])
        await free.worker(place).killed()
    async with free.worker():
        for ingestion_id in disturbed:
            await bulks.result(free, ingestion_id)
    again = await check(free, disturbed, texts, "places", before)
    # The batch that was killed before may be tried again beside the next.
    in_flight = 2 * BATCH * max(await chunk_counts(free, disturbed[0]))
    record_property("chunks embedded again after kill", f"{again}, with at most {in_flight} in flight")
    # One of the places is between embedding and storing, and the others are not.
    assert 0 < again <= in_flight


UNPACKING = ("unpack.entry:read", "unpack.forget:after")
"""Between the two transactions of an upload, and when the archive is gone but named."""


@pytest.mark.timeout(600)
async def test_kills_while_an_archive_is_unpacked(stack: Killable) -> None:
    free = stack.installed
    texts = [bulks.note(seed) for seed in range(30_000, 30_000 + 8)]
    prefix, cases, receiving = "file:///archived/", bulks.use_cases(free), bulks.receiving(free)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number, text in enumerate(texts):
            archive.writestr(f"note-{number}.txt", text)
    ingestion = await receiving.start(free.caller, 4, {"source_prefix": prefix})
    await receiving.keep_archive(free.caller, ingestion.id, once(made.getvalue()))
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
    chunks = [(await free.documents.chunks(free.caller, document_id, 0, 9)).views for document_id in documents]
    assert [" ".join(chunk.text for chunk in each) for each in chunks] == texts
    async with free.ledger.read() as uow:
        assert await uow.versions.left_by_archive(free.caller.tenant_id, ingestion.id) == []
    assert [blob async for blob in free.blobs.list(blob_prefix(free.caller.tenant_id, ingestion.id))] == []


@pytest.mark.timeout(600)
async def test_kills_of_worker_temporal_and_weaviate_at_random_moments(
    stack: Killable, record_property: Callable[[str, object], None]
) -> None:
    """Before each kill more documents are sent, two batches of them, so that there is something to kill."""
    free, rng = stack.installed, random.Random(20_261_121)
    before = bulks.embedded(free)
    victims = [stack.kill_worker, stack.kill_temporal, stack.kill_weaviate] * 2
    texts = [bulks.note(seed, 2) for seed in range(20_000, 20_000 + len(victims) * 2 * BATCH)]
    files = list(bulks.uris("random/disturbed", texts).items())
    ingestion_id = await bulks.fill(free, {}, window=1, close=False)
    await bulks.start(free, ingestion_id)
    stack.work()
    for number, kill in enumerate(victims):
        mark = await bulks.mark(free, ingestion_id)
        await bulks.add(free, ingestion_id, dict(files[number * 2 * BATCH :][: 2 * BATCH]))
        await bulks.look(free, ingestion_id)
        await bulks.until_more(free, ingestion_id, mark)
        await asyncio.sleep(rng.uniform(0.0, 0.4))
        await kill()
    await bulks.use_cases(free).close(free.caller, ingestion_id)
    await bulks.look(free, ingestion_id)
    await bulks.result(free, ingestion_id)
    await stack.rest()
    again = await check(free, [ingestion_id], texts, "random", before)
    in_flight = BATCH * max(await chunk_counts(free, ingestion_id))
    told = f"{again}, with at most {in_flight} in flight at each of {len(victims)} kills"
    record_property("chunks embedded again after kill", told)
    assert 0 <= again <= len(victims) * in_flight
