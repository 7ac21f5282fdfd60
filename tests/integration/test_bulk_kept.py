"""A document that is restricted while its next version waits in a batch."""

from lethe.ingestion.restricting import Restrictions
from lethe.model.documents import Status
from tests.integration import test_bulk_batches
from tests.integration.test_bulk_batches import Bulk

bulk = test_bulk_batches.bulk


async def test_it_is_read_by_nobody_and_handed_over_to_wait_for_the_release(bulk: Bulk) -> None:
    first = await bulk.start()
    served = await bulk.take(first, "The buoy floats.", "The rope holds.")
    assert (await bulk.bring_in(first, served)).ready == 2
    second = await bulk.start()
    taken = await bulk.take(second, "The buoy sank.", "The rope tore.")
    async with bulk.house.ledger.read() as uow:
        row = await uow.versions.get(bulk.tenant_id, taken[0].version_id)
    assert row
    restrictions = Restrictions(bulk.house.ledger, bulk.house.uploads.clock)
    await restrictions.restrict(bulk.house.admin, row.document_id, "litigation")
    embedded = len(bulk.embedder.texts)
    done = await bulk.bring_in(second, taken)
    assert [(each.version_id, each.code) for each in done.failed] == [(taken[0].version_id, "awaits_release")]
    assert (done.ready, done.lost) == (1, 0)
    assert len(bulk.embedder.texts) == embedded + 1
    assert await bulk.statuses([*served, *taken]) == [Status.READY, Status.READY, Status.PENDING, Status.READY]
    async with bulk.house.ledger.read() as uow:
        document = await uow.documents.get(bulk.tenant_id, row.document_id)
    assert document
    assert document.live_version_id == served[0].version_id
