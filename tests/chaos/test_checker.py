"""The checker calls a healthy installation healthy, and each planted fault by its name."""

import random
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.chaos.book import Book, Document
from tests.chaos.checker import Finding, check
from tests.chaos.drain import Drain
from tests.chaos.gauge import Gauge
from tests.chaos.installation import Installation, installation
from tests.chaos.stores import connected, execute, read_rows, read_stores
from tests.chaos.suite import Crowd, expectations, inspect
from tests.chaos.writers import Writer

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow, pytest.mark.timeout(300)]

NO_WORKFLOWS: dict[str, str] = {}
COPY = "11111111111140008000000000000000"


@dataclass(frozen=True, slots=True)
class Healthy:
    """At rest; nothing runs but its stores. ``edited`` has an edition behind it, ``gone`` is deleted."""

    installation: Installation
    book: Book
    edited: Document
    gone: Document

    async def findings(self) -> list[Finding]:
        return (await inspect(self.installation, self.book, NO_WORKFLOWS)).findings

    async def version_id(self) -> str:
        stores = await read_stores(self.installation.where, NO_WORKFLOWS)
        return str(stores.by_id("documents")[self.edited.id]["live_version_id"])

    async def kinds(self) -> set[tuple[str, str]]:
        return {(finding.kind, finding.place) for finding in await self.findings()}

    async def sql(self, statement: str) -> None:
        await execute(self.installation.where.ledger, statement)

    async def copy(self, table: str, **changed: str) -> None:
        """The only row of a table again, under the id COPY."""
        row = (await read_rows(self.installation.where.ledger))[table][0]
        chosen = {**{name: f'"{name}"' for name in row}, **changed, "id": f"'{COPY}'"}
        names = ", ".join(f'"{name}"' for name in chosen)
        await self.sql(f"INSERT INTO {table} ({names}) SELECT {', '.join(chosen.values())} FROM {table}")

    @contextmanager
    def restored(self) -> Generator[None]:
        """What happens to the ledger inside is undone: no process has it open."""
        ledger = Path(self.installation.where.ledger)
        before = ledger.read_bytes()
        try:
            yield
        finally:
            for side in ("-wal", "-shm"):
                ledger.with_name(ledger.name + side).unlink(missing_ok=True)
            ledger.write_bytes(before)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def healthy(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Healthy]:
    async with installation(tmp_path_factory.mktemp("chaos") / "i", "embedded", workers=1) as running:
        book = Book(tenant_id=running.tenant_id)
        gauge = Gauge(running.where.ledger)
        async with running.http() as http:
            (writer, *_), _ = await Crowd(running, book, gauge, 7, http).members()
            edited, gone = await writer.add(), await writer.add()
            assert await Drain(running, book, gauge).run(90) == {}
            await _changed(writer, edited, gone)
            assert await Drain(running, book, gauge).run(90) == {}
        # Nobody may mend what is planted.
        running.keeper.cancel()
        for name in ("api", "worker1"):
            running.children[name].kill()
        assert book.violations == []
        # Everything into the file itself, which the tests put back as it was.
        await execute(running.where.ledger, "PRAGMA wal_checkpoint(TRUNCATE)")
        yield Healthy(running, book, edited, gone)


async def _changed(writer: Writer, edited: Document, gone: Document) -> None:
    writer.rng = random.Random(3)
    await writer.allow(edited)
    await writer.edit(edited)
    await writer.delete(gone)


async def test_a_healthy_installation_has_no_findings(healthy: Healthy) -> None:
    result = await inspect(healthy.installation, healthy.book, NO_WORKFLOWS)
    assert result.findings == []
    assert result.counts() == {
        "ok": 1, "lost": 0, "duplicate": 0, "phantom": 0, "stale": 0, "wrong_rights": 0, "stuck": 0
    }  # fmt: skip


async def test_a_deleted_object_is_lost_and_an_added_one_a_phantom(healthy: Healthy) -> None:
    version_id = await healthy.version_id()
    stores = await read_stores(healthy.installation.where, NO_WORKFLOWS)
    thing = next(thing for thing in stores.things if str(thing.properties["version_id"]) == version_id)
    async with connected(healthy.installation.where) as client:
        name = next(name for name in await client.collections.list_all() if name != "LetheStamp")
        shard = client.collections.get(name).with_tenant(thing.shard)

        async def put(thing_id: str, **changed: object) -> None:
            properties: Any = {**thing.properties, **changed}
            await shard.data.insert(properties, uuid=thing_id, vector=thing.vector)

        await shard.data.delete_by_id(thing.id)
        assert {(f.kind, f.place) for f in await healthy.findings()} == {("lost", "objects")}
        await put(thing.id, readers=[str(uuid4())])
        assert {(f.kind, f.place) for f in await healthy.findings()} == {("wrong_rights", "objects")}
        await shard.data.replace(thing.id, dict(thing.properties), vector=[-number for number in thing.vector])
        assert {(f.kind, f.place) for f in await healthy.findings()} == {("stale", "objects")}
        await shard.data.replace(thing.id, dict(thing.properties), vector=thing.vector)

        for kind, changed in (
            ("duplicate", {}),
            ("phantom", {"version_id": uuid4(), "document_id": uuid4()}),
            ("stale", {"version_id": uuid4()}),
        ):
            extra = str(uuid4())
            await put(extra, **changed)
            assert kind in {f.kind for f in await healthy.findings() if f.place == "objects"}
            await shard.data.delete_by_id(extra)
    assert await healthy.findings() == []


@pytest.mark.parametrize(
    ("kind", "place", "plant"),
    [
        (
            "wrong_rights",
            "document_readers",
            f"UPDATE document_readers SET reader_id = '{COPY}'",
        ),
        ("stuck", "artefacts", "UPDATE artefacts SET state = 'planned'"),
        ("lost", "document_versions", "UPDATE documents SET live_version_id = NULL"),
        ("lost", "chunk_vectors", "DELETE FROM chunk_vectors"),
        ("lost", "chunks", "DELETE FROM chunks WHERE ordinal = 0"),
        ("stuck", "document_versions", "UPDATE document_versions SET status = 'embedding'"),
        ("stuck", "dispatches", "UPDATE dispatches SET dispatched_at = NULL"),
        ("lost", "documents", "UPDATE documents SET deleted_at = created_at"),
    ],
)
async def test_rows_that_are_gone_or_changed(healthy: Healthy, kind: str, place: str, plant: str) -> None:
    with healthy.restored():
        await healthy.sql(plant)
        assert (kind, place) in await healthy.kinds()
    assert await healthy.findings() == []


async def test_a_second_live_version_and_a_document_from_nowhere(healthy: Healthy) -> None:
    with healthy.restored():
        # The schema itself refuses a second live version (P2).
        await healthy.sql("DROP INDEX uq_document_versions_live")
        await healthy.copy("document_versions", submission="submission + 1")
        assert {("duplicate", "document_versions"), ("phantom", "document_versions")} <= await healthy.kinds()
    with healthy.restored():
        await healthy.copy("documents", source_hmac="NULL")
        assert await healthy.kinds() == {("phantom", "documents")}


async def test_the_same_upload_as_two_documents(healthy: Healthy) -> None:
    with healthy.restored():
        await healthy.copy("documents", source_hmac="NULL")
        await healthy.sql(f"UPDATE document_versions SET document_id = '{COPY}', submission = submission + 1")
        assert {("duplicate", "documents"), ("lost", "document_versions")} <= await healthy.kinds()


async def test_left_over_blobs_and_broken_ones(healthy: Healthy) -> None:
    folder = healthy.installation.where.blobs / healthy.book.tenant_id
    version_id = await healthy.version_id()
    original = folder / version_id / "original"
    whole = original.read_bytes()
    original.write_bytes(whole[:-1])
    assert await healthy.kinds() == {("lost", "blobs")}
    original.write_bytes(whole)
    for left in (f"{version_id}/.original.x.part", f"{uuid4()}/original"):
        path = folder / left
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left")
        assert await healthy.kinds() == {("phantom", "blobs")}
        path.unlink()


async def test_old_text_where_a_newer_one_was_acknowledged(healthy: Healthy) -> None:
    stores = await read_stores(healthy.installation.where, NO_WORKFLOWS)
    wanted = expectations(healthy.book)[healthy.edited.id]
    newer = replace(wanted, text=f"{wanted.text} more", marks=wanted.marks | {(999, 1)}, older=frozenset({wanted.text}))
    found = check({wanted.id: newer}, (), stores).findings
    assert {(finding.kind, finding.place) for finding in found} == {("stale", "blobs"), ("lost", "chunks")}
    older = replace(wanted, marks=frozenset({(999, 1)}))
    found = check({wanted.id: older}, (), stores).findings
    assert ("stale", "chunks") in {(finding.kind, finding.place) for finding in found}


async def test_the_key_of_a_deleted_document_and_a_workflow_without_end(healthy: Healthy) -> None:
    (gone,) = healthy.gone.version_ids
    stores = await read_stores(healthy.installation.where, NO_WORKFLOWS)
    assert gone not in stores.keys
    kept = replace(stores, keys={**stores.keys, gone: b"k" * 32})
    found = check(expectations(healthy.book), {gone}, kept).findings
    assert [(finding.kind, finding.place) for finding in found] == [("phantom", "data_keys")]
    stuck = (await inspect(healthy.installation, healthy.book, {"ingest-document/x/y": "running"})).findings
    assert [(finding.kind, finding.place) for finding in stuck] == [("stuck", "workflows")]
