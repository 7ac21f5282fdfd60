"""What parser, chunker or policy would make otherwise now is made anew, and nothing else: on both SQL engines."""

from dataclasses import replace

import pytest

from lethe.contracts.reindexing import ReindexPage, ReindexRef, ReindexReport, ReindexTally, ReindexWait
from lethe.errors import ReindexNotFound
from lethe.indexing.migration.targets import Target
from lethe.ingestion.reindex_orders import ReindexOrders
from lethe.ingestion.reindexing import Reindexing
from lethe.ingestion.requests import Receipt
from lethe.ingestion.restricting import Restrictions
from lethe.model.documents import Status, SubjectMention
from lethe.model.ids import new_id
from lethe.model.indexes import EmbeddingSpec
from lethe.model.reindexing import Reindex, ReindexReason, ReindexState
from lethe.settings import AnsweringSettings, Price
from tests.contract.ledger_rows import chunks
from tests.integration.house import House

MODEL = Target(EmbeddingSpec("model", "1", 8, "plain"), 256, "openai", "openai:model")


def later(house: House, **revision: str) -> Reindexing:
    """The pipeline after a change."""
    changed = replace(house.uploads.revision, **revision)
    prices = AnsweringSettings(prices=(Price(name="openai:model", input_micros=1_000_000),))
    return Reindexing(replace(house.uploads, revision=changed), prices, [MODEL], tokens_per_second=8.0)


async def order(house: House, *reasons: ReindexReason, dry_run: bool = False) -> Reindex:
    return await ReindexOrders(house.ledger, house.uploads.clock).order(house.admin, new_id(), reasons, dry_run=dry_run)


def ref(reindex: Reindex) -> ReindexRef:
    return ReindexRef(tenant_id=reindex.tenant_id, reindex_id=reindex.id)


async def with_chunks(house: House, receipt: Receipt, count: int) -> None:
    version = await house.version(receipt)
    async with house.ledger.write() as uow:
        await uow.chunks.replace(house.tenant_id, version.id, chunks(version, count))
        await uow.versions.update(replace(version, chunk_count=count))


async def test_an_estimate_names_what_is_affected_and_makes_nothing(house: House) -> None:
    first = await house.live("one", source_uri="file:///one.txt")
    await house.live("two", source_uri="file:///two.txt")
    await with_chunks(house, first, 4)
    for revision, reasons, found in (
        ({}, (), ReindexTally()),
        ({"chunker": "c2"}, (), ReindexTally(matched=2, chunker=2, chunks=4, tokens=12)),
        ({"chunker": "c2"}, (ReindexReason.PARSER,), ReindexTally()),
        (
            {"parser": "p2", "policy": "strict"},
            (ReindexReason.POLICY,),
            ReindexTally(matched=2, parser=2, policy=2, chunks=4, tokens=12),
        ),
    ):
        ordered, reindexing = await order(house, *reasons, dry_run=True), later(house, **revision)
        page = await reindexing.page(ReindexPage(reindex=ref(ordered)))
        assert (page.tally, page.begun, page.after) == (found, [], None)
        await reindexing.finish(ReindexReport(reindex=ref(ordered), tally=page.tally))
        done = await ReindexOrders(house.ledger, house.uploads.clock).get(house.admin, ordered.id)
        assert (done.state, done.matched, done.cost_micros) == (ReindexState.DONE, found.matched, found.tokens)
        assert done.seconds == found.tokens / 8
    assert (await house.version(first)).status is Status.READY
    with pytest.raises(ReindexNotFound):
        await ReindexOrders(house.ledger, house.uploads.clock).get(house.admin, new_id())


async def test_the_stored_bytes_become_a_version_with_all_that_the_document_had(house: House) -> None:
    ada = (SubjectMention("email", "ada@example.org"),)
    sent = await house.live("the text", metadata={"team": "yard"}, readers=(house.hr,), subjects=ada, filename="a.md")
    reindexing, ordered = later(house, chunker="c2"), await order(house)
    page = await reindexing.page(ReindexPage(reindex=ref(ordered)))
    (made_id,) = page.begun
    made = await house.version(replace(sent, version_id=made_id))
    before = await house.version(sent)
    assert (made.document_id, made.submission, made.status) == (sent.document_id, 2, Status.PENDING)
    assert (made.made_by_chunker, before.made_by_chunker, made.filename_suffix) == ("c2", "c1", ".md")
    assert made.content_hmac == before.content_hmac
    assert made.content_fp != before.content_fp
    assert made.readers == before.readers
    assert (made.source_id, made.rewritten_at) == (before.source_id, None)
    fields = await house.fields(replace(sent, version_id=made_id))
    assert fields == await house.fields(sent)
    async with house.ledger.read() as uow:
        document = await uow.documents.get(house.tenant_id, sent.document_id)
        assert await uow.subjects.of_version(house.tenant_id, made_id) == await uow.subjects.of_version(
            house.tenant_id, sent.version_id
        )
    assert document
    assert (document.live_version_id, before.live_until) == (sent.version_id, None)
    wait = ReindexWait(reindex=ref(ordered), versions=page.begun)
    assert await reindexing.waiting(wait) == 1

    again = await reindexing.page(ReindexPage(reindex=ref(ordered)))
    assert (again.tally, again.begun) == (page.tally, page.begun)
    orders = ReindexOrders(house.ledger, house.uploads.clock)
    under_way = await orders.get(house.admin, ordered.id)
    assert (under_way.state, under_way.begun) == (ReindexState.RUNNING, 1)
    await house.publish(replace(sent, version_id=made_id))
    assert await reindexing.waiting(wait) == 0
    assert (await reindexing.page(ReindexPage(reindex=ref(await order(house))))).tally == ReindexTally()


async def test_what_somebody_sends_meanwhile_is_never_overtaken_by_its_past(house: House) -> None:
    sent = await house.live("old")
    newer = await house.upload("new")
    page = await later(house, chunker="c2").page(ReindexPage(reindex=ref(await order(house))))
    assert (page.tally.matched, page.tally.skipped, page.begun) == (1, 1, [])
    async with house.ledger.read() as uow:
        versions = await uow.versions.of_document(house.tenant_id, sent.document_id)
    assert [each.id for each in versions] == [sent.version_id, newer.version_id]


async def test_what_is_restricted_stays_as_it_is(house: House) -> None:
    sent = await house.live("sealed")
    await Restrictions(house.ledger, house.uploads.clock).restrict(house.admin, sent.document_id, "objection")
    page = await later(house, policy="strict").page(ReindexPage(reindex=ref(await order(house))))
    assert (page.tally.policy, page.tally.skipped, page.begun) == (1, 1, [])


async def test_nobody_waits_for_what_is_restricted_on_its_way(house: House) -> None:
    sent = await house.live("sealed")
    reindexing, ordered = later(house, policy="strict"), ref(await order(house))
    begun = (await reindexing.page(ReindexPage(reindex=ordered))).begun
    wait = ReindexWait(reindex=ordered, versions=begun)
    assert await reindexing.waiting(wait) == 1
    restrictions = Restrictions(house.ledger, house.uploads.clock)
    await restrictions.restrict(house.admin, sent.document_id, "objection")
    assert await reindexing.waiting(wait) == 0
    await restrictions.release(house.admin, sent.document_id)
    assert await reindexing.waiting(wait) == 1


async def test_a_page_begins_no_more_than_may_be_on_their_way(house: House) -> None:
    for number in range(25):
        await house.live(f"text {number}", source_uri=f"file:///{number}.txt")
    reindexing, ordered = later(house, parser="p2"), await order(house)
    first = await reindexing.page(ReindexPage(reindex=ref(ordered)))
    last = await reindexing.page(ReindexPage(reindex=ref(ordered), after=first.after, so_far=first.tally))
    assert (len(first.begun), len(last.begun), last.after) == (20, 5, None)
    assert (await ReindexOrders(house.ledger, house.uploads.clock).get(house.admin, ordered.id)).begun == 25
    assert first.tally.plus(last.tally).begun == 25
