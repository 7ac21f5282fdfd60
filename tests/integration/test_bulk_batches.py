"""What happens to one document of a batch does not happen to its neighbours: on both SQL engines, with no worker."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.parsing import FakeParser
from lethe.adapters.sql import SqlLedger
from lethe.contracts.bulk import BatchDone, BulkBatch, BulkCounts, BulkCursor, IngestionRef, StateChange, SweepStep
from lethe.contracts.ingestion import DocumentRef, StepFailure, VersionRef
from lethe.errors import DocumentTooLarge, EmbedderRefused, ParserCrashed
from lethe.indexing.builds import FirstBuild
from lethe.ingestion.bulk.batch import Batches, Reporter
from lethe.ingestion.bulk.ingestions import Ingestions
from lethe.ingestion.bulk.planning import BulkPlanning
from lethe.ingestion.bulk.receiving import Receiving
from lethe.ingestion.bulk.recent import RecentCounts
from lethe.ingestion.chunking import chunk_plan
from lethe.ingestion.deletion import Deletions
from lethe.ingestion.failures import FailureJournal
from lethe.ingestion.planning import require_taking
from lethe.ingestion.requests import MetadataValue, UploadRequest
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.model.documents import Status
from lethe.model.ids import Id, new_id
from lethe.model.ingestions import IngestionState, Taking
from lethe.model.processors import Origin
from lethe.model.webhooks import Webhook, WebhookEvent
from lethe.ports.embedding import InputKind, Vectors
from lethe.ports.parsing import ParsedDocument
from lethe.settings import BulkSettings, ChunkSettings, FailureSettings, LimitSettings, Settings
from tests.contract.ledger_rows import NOON, version
from tests.integration.house import House, open_house
from tests.integration.installation import once

REFUSED = "unspeakable"
LARGE = "enormous"
Happening = Callable[[], Awaitable[object]]


async def nothing() -> None:
    """Nothing happens meanwhile."""


class PickyEmbedder(HashEmbedder):
    """Refuses a request that has one text with the word, as a content filter does; ``meanwhile`` happens once."""

    meanwhile: Happening = staticmethod(nothing)

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        happening, self.meanwhile = self.meanwhile, nothing
        await happening()
        if any(REFUSED in text for text in texts):
            raise EmbedderRefused("HTTP 400")
        return await super().embed(texts, kind, origin)


class SlowParser(FakeParser):
    """``meanwhile`` happens once, before it reads."""

    meanwhile: Happening = staticmethod(nothing)

    async def parse(self, path: Path, media_type: str) -> ParsedDocument:
        happening, self.meanwhile = self.meanwhile, nothing
        await happening()
        return await super().parse(path, media_type)


class SmallScanner:
    """Its limit is below that of an upload."""

    async def scan(self, data: AsyncIterator[bytes]) -> None:
        if LARGE.encode() in b"".join([piece async for piece in data]):
            raise DocumentTooLarge("The file is larger than clamd's StreamMaxLength.")


@dataclass
class Bulk:
    """One batch at a time."""

    house: House
    batches: Batches
    planning: BulkPlanning
    embedder: PickyEmbedder
    parser: SlowParser

    @property
    def tenant_id(self) -> Id:
        return self.house.tenant_id

    @property
    def receiving(self) -> Receiving:
        return Receiving(self.house.ledger, self.house.keyring, self.house.uploads, self.house.uploads.clock)

    async def start(self) -> Id:
        return (await self.receiving.start(self.house.admin, 4)).id

    async def take(
        self, ingestion_id: Id, *texts: str, at: int = 0, metadata: dict[str, MetadataValue] | None = None
    ) -> list[VersionRef]:
        """Each text is a document of its own, numbered from ``at``; returns those that left a version."""
        taken: list[VersionRef] = []
        for number, text in enumerate(texts, at):
            request = UploadRequest(f"file:///{number}.txt", metadata=metadata, filename="note.txt")
            one = await self.receiving.take(self.house.admin, ingestion_id, request, once(text.encode()))
            if one.version_id:
                taken.append(VersionRef(tenant_id=self.tenant_id, version_id=one.version_id))
        return taken

    async def bring_in(self, ingestion_id: Id, taken: Sequence[VersionRef]) -> BatchDone:
        batch = BulkBatch(
            tenant_id=self.tenant_id, ingestion_id=ingestion_id, version_ids=[ref.version_id for ref in taken]
        )
        quiet = Reporter(finished=lambda _: None, is_stopping=lambda: False, reach=lambda _: None)
        return await self.batches.bring_in(batch, quiet)

    async def delete(self, ref: VersionRef) -> None:
        """The document of a version, out of every store."""
        async with self.house.ledger.read() as uow:
            found = await uow.versions.get(self.tenant_id, ref.version_id)
        assert found
        await self.house.documents.delete(self.house.admin, found.document_id)
        deletions = Deletions(self.house.ledger, self.house.uploads.remover, self.house.uploads.clock)
        await deletions.finish(DocumentRef(tenant_id=self.tenant_id, document_id=found.document_id))

    async def statuses(self, taken: Sequence[VersionRef]) -> list[Status | None]:
        async with self.house.ledger.read() as uow:
            found = await uow.versions.get_many(self.tenant_id, [ref.version_id for ref in taken])
        return [found[ref.version_id].status if ref.version_id in found else None for ref in taken]


@pytest_asyncio.fixture
async def bulk(ledger: SqlLedger, tmp_path: Path) -> AsyncGenerator[Bulk]:
    async with open_house(ledger) as house:
        embedder, parser, remover = PickyEmbedder(), SlowParser(), house.uploads.remover
        clock, limits = house.uploads.clock, LimitSettings()
        await FirstBuild(ledger, remover.index, remover.keywords, embedder.spec).ensure(house.tenant_id, clock.now())
        pipeline = Pipeline(
            ledger=ledger,
            blobs=remover.blobs,
            keyring=house.keyring,
            parser=parser,
            embedder=embedder,
            index=remover.index,
            keywords=remover.keywords,
            clock=clock,
            chunking=chunk_plan(ChunkSettings(), embedder.tokenizer),
            limits=limits,
            scratch=tmp_path,
            malware=SmallScanner(),
        )
        journal = FailureJournal(ledger, house.keyring, clock, limits, FailureSettings())
        planning = BulkPlanning(ledger, remover, clock, BulkSettings(), limits)
        yield Bulk(house, Batches(pipeline, remover, journal), planning, embedder, parser)


async def test_a_text_that_the_model_refuses_fails_its_own_document_only(bulk: Bulk) -> None:
    ingestion_id = await bulk.start()
    taken = await bulk.take(ingestion_id, "The buoy floats.", f"It is {REFUSED}.", "The rope holds.")
    done = await bulk.bring_in(ingestion_id, taken)
    assert [(each.version_id, each.code) for each in done.failed] == [(taken[1].version_id, "embedder_refused")]
    assert (done.ready, done.lost, done.computed) == (2, 0, 2)


async def test_a_file_over_the_scanners_limit_fails_alone(bulk: Bulk) -> None:
    ingestion_id = await bulk.start()
    taken = await bulk.take(ingestion_id, "The buoy floats.", f"It is {LARGE}.", "The rope holds.")
    done = await bulk.bring_in(ingestion_id, taken)
    assert [(each.version_id, each.code) for each in done.failed] == [(taken[1].version_id, "document_too_large")]
    assert done.ready == 2


@pytest.mark.parametrize("place", ["parser", "embedder"])
async def test_a_document_deleted_while_its_batch_runs_is_lost_and_hands_nothing_over(bulk: Bulk, place: str) -> None:
    ingestion_id = await bulk.start()
    taken = await bulk.take(ingestion_id, "The buoy floats.", "The rope holds.", "The fog lifts.")
    getattr(bulk, place).meanwhile = lambda: bulk.delete(taken[1])
    done = await bulk.bring_in(ingestion_id, taken)
    assert (done.ready, done.lost, done.failed) == (2, 1, [])
    assert await bulk.statuses(taken) == [Status.READY, None, Status.READY]


async def test_a_deleted_documents_failure_waits_for_nobody(bulk: Bulk) -> None:
    """What its own workflow is told when the document went between the end of the batch and the handing over."""
    ingestion_id = await bulk.start()
    taken = await bulk.take(ingestion_id, f"It is {REFUSED}.")
    (failed,) = (await bulk.bring_in(ingestion_id, taken)).failed
    await bulk.delete(taken[0])
    failure = StepFailure(version=taken[0], step=failed.step, code=failed.code, attempts=1)
    assert not (await bulk.batches.journal.open(failure)).is_wanted


@pytest.mark.parametrize("sql_settings", ["postgres"], indirect=True)  # SQLite has one writer at a time anyway
async def test_nothing_is_given_to_an_ingestion_that_is_being_cancelled(bulk: Bulk, sql_settings: Settings) -> None:
    """A document is half taken in while the ingestion is cancelled and cleared: the clearing finds it."""
    ingestion_id = await bulk.start()
    ref = IngestionRef(tenant_id=bulk.tenant_id, ingestion_id=ingestion_id)
    taken = await bulk.take(ingestion_id, "The buoy floats.")

    async def cancel() -> None:
        await bulk.planning.set_state(StateChange(**ref.model_dump(), state=IngestionState.CANCELLED))
        await bulk.planning.clear(SweepStep(**ref.model_dump()))

    async with bulk.house.ledger.write() as uow:
        await uow.tenants.lock(bulk.tenant_id)
        await require_taking(uow, bulk.tenant_id, Taking(ingestion_id))
        cancelling = asyncio.create_task(cancel())
        await until_locked_out(sql_settings, cancelling)
        found = await uow.versions.get(bulk.tenant_id, taken[0].version_id)
        assert found
        document = await uow.documents.get(bulk.tenant_id, found.document_id)
        assert document
        position = await uow.ingestions.give(bulk.tenant_id, ingestion_id)
        late = version(document, submission=2, status=Status.PENDING, ingestion_id=ingestion_id, position=position)
        await uow.versions.add(late)
    await cancelling
    assert await bulk.statuses([*taken, taken[0].model_copy(update={"version_id": late.id})]) == [None, None]


async def until_locked_out(settings: Settings, task: asyncio.Task[None]) -> None:
    """Until a connection to the database waits for another one's lock, or the task has ended without having to."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    engine, deadline = create_async_engine(settings.sql_url), time.monotonic() + 60
    try:
        while not task.done():
            async with engine.connect() as connection:
                if (await connection.exec_driver_sql(waiting)).scalar_one():
                    return
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
    finally:
        await engine.dispose()


async def test_a_cancelled_ingestion_is_not_told_as_completed(bulk: Bulk) -> None:
    ingestion_id = await bulk.start()
    ref = IngestionRef(tenant_id=bulk.tenant_id, ingestion_id=ingestion_id)
    webhook = Webhook(bulk.tenant_id, new_id(), b"url", b"secret", (WebhookEvent.INGESTION_COMPLETED,), NOON)
    async with bulk.house.ledger.write() as uow:
        await uow.webhooks.add(webhook)
    await bulk.planning.close(ref)
    await bulk.planning.set_state(StateChange(**ref.model_dump(), state=IngestionState.CANCELLED))
    page = await bulk.planning.finish(BulkCursor(**ref.model_dump(), after=0))
    assert page.state is IngestionState.CANCELLED
    async with bulk.house.ledger.read() as uow:
        assert await uow.webhooks.deliveries(bulk.tenant_id, webhook.id, None, None, 9) == []


async def test_a_large_ingestion_is_counted_every_few_seconds(bulk: Bulk) -> None:
    now = 100.0
    planning = replace(bulk.planning, recent=RecentCounts(seconds=5, large=2, monotonic=lambda: now))
    ingestion_id = await bulk.start()
    cursor = BulkCursor(tenant_id=bulk.tenant_id, ingestion_id=ingestion_id, after=0)

    async def looked() -> tuple[int, int]:
        page = await planning.page(cursor)
        return page.given, page.counts.total

    found: list[tuple[int, int]] = []
    for seconds in (0, 0, 4, 2):
        await bulk.take(ingestion_id, f"The buoy floats {len(found)}.")
        now += seconds
        found.append(await looked())
    assert found == [(1, 1), (2, 2), (3, 2), (4, 4)]
    assert (await planning.finish(cursor)).counts.total == 4


async def test_every_document_given_is_counted_under_one_outcome(bulk: Bulk) -> None:
    """What the workflow shows and what the API shows are the same counts, and they add up."""
    first = await bulk.start()
    old = await bulk.take(first, "The buoy floats.", "The rope holds.", "The fog lifts.", "A bomb.")
    await bulk.bring_in(first, old[:3])
    await bulk.batches.journal.note(old[3], "parse_document", ParserCrashed(), 2)
    await bulk.batches.journal.open(
        StepFailure(version=old[3], step="parse_document", code="parser_crashed", attempts=2)
    )
    second = await bulk.start()
    ref = IngestionRef(tenant_id=bulk.tenant_id, ingestion_id=second)
    await bulk.take(second, "The buoy floats.", "The rope sinks.")
    await bulk.take(second, "The fog lifts.", at=2, metadata={"team": "night"})
    await bulk.take(second, "A bomb.", "A letter.", "A chart.", "", at=10)
    page = await bulk.planning.page(BulkCursor(**ref.model_dump(), after=0))
    (planned,) = page.batches
    assert len(planned.version_ids) == 3
    assert page.counts == BulkCounts(total=7, done=4, updated=1, skipped=1, failed=2)
    waiting = [VersionRef(tenant_id=bulk.tenant_id, version_id=each) for each in planned.version_ids]
    await bulk.delete(waiting[1])
    await bulk.bring_in(second, waiting)
    counts = (await bulk.planning.page(BulkCursor(**ref.model_dump(), after=0))).counts
    assert counts == BulkCounts(total=7, done=7, added=1, updated=2, skipped=1, failed=2, lost=1)
    house = bulk.house
    view = await Ingestions(house.ledger, house.keyring, house.uploads.clock).get(house.admin, second)
    assert {name: getattr(view, name) for name in BulkCounts.model_fields} == counts.model_dump()
