"""Selections of more than the 10,000 documents, or objects, that one answer of a store holds."""

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from sqlalchemy import func, insert, select
from weaviate.collections import CollectionAsync

from lethe.adapters.clock import SystemClock
from lethe.adapters.sql.engine import make_engines, transaction
from lethe.adapters.sql.repositories.chunks import CHUNK
from lethe.adapters.sql.repositories.documents import DOCUMENT
from lethe.adapters.sql.repositories.versions import VERSION
from lethe.adapters.sql.tables import document_readers, documents, source_prefixes
from lethe.ingestion.selections import Description
from lethe.model.documents import Chunk, Document, Status, Version
from lethe.model.ids import new_id
from lethe.model.selections import SelectionAction
from lethe.ports.keyring import SecretPurpose
from lethe.ports.vectors import IndexObject
from lethe.privacy.digests import prefix_digest
from tests.contract import ledger_rows
from tests.integration.installation import Installation
from tests.integration.snapshot import vector_store
from tests.integration.test_audit import active_build, first_found, ingested
from tests.integration.test_selections import carried_out

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]

LIMIT = 10_000
"""What Weaviate finds or deletes by one request at most."""
PREFIX = "file:///large"

Record = Callable[[str, object], None]
Planted = tuple[Document, Version, list[Chunk]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def working(free: Installation) -> AsyncGenerator[Installation]:
    """A worker runs, and one document is ingested by it that no selection here means."""
    async with free.worker():
        await ingested(free, 1, "kept")
        yield free


async def test_a_deletion_takes_more_objects_than_the_store_deletes_at_once(working: Installation) -> None:
    await plant(working, count=50, each=LIMIT // 50 + 5)
    assert await objects_held(working) > LIMIT
    totals, _ = await carried_out(working, SelectionAction.DELETE, Description(source_prefix=PREFIX))
    assert (totals.done, totals.removed, totals.objects) == (50, 50, LIMIT + 250)
    await only_the_kept_one_is_left(working)


async def test_every_document_is_counted_past_every_page(working: Installation) -> None:
    ids = await plant(working, count=LIMIT + 50, each=0)
    totals, _ = await carried_out(working, SelectionAction.COUNT, Description(source_prefix=PREFIX))
    assert totals.matched == LIMIT + 50
    totals, _ = await carried_out(working, SelectionAction.DELETE, Description(ids=tuple(ids[:3])))
    assert totals.done == 3
    totals, _ = await carried_out(working, SelectionAction.COUNT, Description(source_prefix=PREFIX))
    assert totals.matched == LIMIT + 47


@pytest.mark.large
async def test_every_document_is_deleted_from_every_store(working: Installation, record_property: Record) -> None:
    await plant(working, count=LIMIT + 50, each=1)
    began = perf_counter()
    totals, _ = await carried_out(working, SelectionAction.DELETE, Description(source_prefix=PREFIX))
    record_property("documents deleted a second", round(totals.removed / (perf_counter() - began)))
    assert (totals.skipped, totals.done, totals.removed) == (0, totals.matched, totals.matched)
    assert totals.matched >= LIMIT + 50
    assert totals.objects == LIMIT + 50
    await only_the_kept_one_is_left(working)


async def only_the_kept_one_is_left(working: Installation) -> None:
    assert await objects_held(working) == 1
    assert len(await first_found(working, "kept lantern")) == 1
    assert await documents_held(working) == 1


async def objects_held(working: Installation) -> int:
    """Of the tenant: other tests use the same store."""
    build = await active_build(working)
    async with vector_store(working) as client:
        objects: CollectionAsync[Any, Any] = client.collections.use(build.collection).with_tenant(build.physical_tenant)
        return sum([1 async for _ in objects.iterator()])


async def documents_held(working: Installation) -> int:
    engines = make_engines(working.settings.sql_url, working.settings.sql)
    async with transaction(engines.writing) as connection:
        count = (await connection.execute(select(func.count()).select_from(documents))).scalar_one()
    await engines.close()
    return int(count)


async def plant(working: Installation, count: int, each: int) -> list[str]:
    """Served documents of so many chunks each, as an ingestion would leave them; ids in order."""
    now, build = SystemClock().now(), await active_build(working)
    planted = [served(build.tenant_id, each, now) for _ in range(count)]
    await write_rows(working, planted)
    noise = np.random.default_rng(7)
    objects: list[IndexObject] = []
    for document, version, chunks in planted:
        for chunk in chunks:
            vector = noise.standard_normal(384).astype(np.float32)
            objects.append(
                IndexObject(chunk.id, document.id, version.id, chunk.ordinal, "crate", version.readers, (), vector)
            )
    for start in range(0, len(objects), 1_000):
        await working.index.upsert(build, objects[start : start + 1_000])
    return [document.id for document, _, _ in planted]


def served(tenant_id: str, each: int, now: datetime) -> Planted:
    version_id = new_id()
    document = ledger_rows.document(
        tenant_id, status=Status.READY, live_version_id=version_id, created_at=now, updated_at=now
    )
    version = ledger_rows.version(
        document, id=version_id, status=Status.READY, live_from=1, chunk_count=each, readers=(tenant_id,)
    )
    return document, version, ledger_rows.chunks(version, each)


async def write_rows(working: Installation, planted: Sequence[Planted]) -> None:
    tenant_id = working.caller.tenant_id
    secret = await working.keyring.secret(tenant_id, SecretPurpose.DIGEST)
    mine = [{"tenant_id": tenant_id, "document_id": document.id} for document, _, _ in planted]
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (DOCUMENT.table, [DOCUMENT.values(document) for document, _, _ in planted]),
        (document_readers, [{**each, "reader_id": tenant_id} for each in mine]),
        (source_prefixes, [{**each, "prefix_hmac": prefix_digest(secret, PREFIX)} for each in mine]),
        (VERSION.table, [VERSION.values(version) for _, version, _ in planted]),
        (CHUNK.table, [CHUNK.values(chunk) for _, _, chunks in planted for chunk in chunks]),
    ]
    engines = make_engines(working.settings.sql_url, working.settings.sql)
    async with transaction(engines.writing) as connection:
        for table, values in rows:
            if values:
                await connection.execute(insert(table), values)
    await engines.close()
