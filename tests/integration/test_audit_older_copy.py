"""A Weaviate that is put back to an older copy of its folder: what was deleted stays unreadable, and an audit makes
it what the ledger says."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from cli.stack.weaviate import ensure_binary
from lethe.ingestion.requests import MetadataPatch
from lethe.model.ids import new_id
from lethe.settings import AuditSettings, LimitSettings, Settings
from tests.conftest import settings_at
from tests.integration.installation import Installation, installation
from tests.integration.snapshot import all_objects, vector_store
from tests.integration.test_audit import active_build, chunk_ids, deleted, differences, first_found, found
from tests.servers.weaviate import WeaviateServer, weaviate_server_at

pytestmark = [pytest.mark.timeout(300)]


@pytest_asyncio.fixture
async def server() -> AsyncGenerator[WeaviateServer]:
    with weaviate_server_at(ensure_binary(Settings().cache, print)) as server:
        server.start()
        yield server


@pytest_asyncio.fixture
async def own(server: WeaviateServer, temporal_address: str, tmp_path: Path) -> AsyncGenerator[Installation]:
    """A worker runs, on a vector store of its own; nothing waits for readers to settle."""
    plain = settings_at(tmp_path / "state")
    base = plain.model_copy(
        update={
            "limits": LimitSettings(drop_after_seconds=1),
            "audit": AuditSettings(settle_seconds=0, page=50),
            "testing": plain.testing.model_copy(update={"free_embedder": True}),
        }
    )
    async with installation(base, temporal_address, server.settings) as ready, ready.worker():
        yield ready


async def ids_in_store(own: Installation) -> set[str]:
    async with vector_store(own) as client:
        return {str(item.uuid) async for item in all_objects(client)}


async def test_an_audit_brings_an_older_copy_up_to_the_ledger(
    own: Installation, server: WeaviateServer, tmp_path: Path
) -> None:
    async def ingest(name: str, text: str, **fields: object):
        receipt = await own.ingest(text, f"file:///{name}.txt", **fields)
        await own.result(receipt)
        return receipt

    edited = await ingest("edited", "The quince harvest begins in September.")
    removed = await ingest("removed", "The medlar harvest begins in November.")
    moved = await ingest("moved", "The damson harvest begins in August.")
    many = [await ingest(f"many{n}", f"Crate {n} holds mulberry number {n}.") for n in range(70)]
    server.kill()
    server.copy_data(tmp_path / "older")
    server.start()

    group = new_id()
    edited = await ingest("edited", "The quince harvest begins in October.")
    await own.result(await deleted(own, removed))
    patch = MetadataPatch(readers=(group,), metadata={"team": "orchard"})
    change = await own.documents.patch(own.caller, moved.document_id, patch)
    await own.start(change)
    await own.result(change)
    added = await ingest("added", "The sloe harvest begins after the frost.")
    expected = set(await chunk_ids(own, [edited, moved, added, *many]))
    assert await ids_in_store(own) == expected

    # Deleted content does not answer after a restart.
    server.kill()
    server.start()
    assert await first_found(own, "medlar harvest") == await first_found(own, "harvest")
    assert removed.document_id not in await first_found(own, "medlar harvest")

    server.kill()
    server.put_back(tmp_path / "older")
    server.start()
    assert await ids_in_store(own) - expected
    first = await first_found(own, "medlar quince sloe harvest")
    assert removed.document_id not in first
    assert added.document_id not in first

    assert differences(await found(own)) == (2, 2, 1, 5)
    assert await ids_in_store(own) == expected
    assert (await first_found(own, "quince harvest October"))[0] == edited.document_id
    assert (await first_found(own, "sloe harvest frost"))[0] == added.document_id
    assert moved.document_id not in await first_found(own, "damson harvest")
    assert (await first_found(own, "damson harvest", frozenset({group})))[0] == moved.document_id
    assert differences(await found(own)) == (0, 0, 0, 0)


async def test_an_audit_fills_an_empty_store(own: Installation) -> None:
    """What the vector store lost is made again from the ledger, without the embedder."""
    receipts = [await own.ingest(f"Shelf {n} holds almanac number {n}.", f"file:///{n}.txt") for n in range(9)]
    for receipt in receipts:
        await own.result(receipt)
    async with vector_store(own) as client:
        await client.collections.delete((await active_build(own)).collection)
    assert differences(await found(own)) == (0, 9, 0, 9)
    assert await ids_in_store(own) == set(await chunk_ids(own, receipts))
    assert (await first_found(own, "shelf almanac"))[0] in {receipt.document_id for receipt in receipts}
