"""A document that is restricted while its next version waits in a batch."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lethe.contracts.bulk import StateChange, SweepStep
from lethe.contracts.ingestion import VersionRef
from lethe.ingestion.bulk import planning
from lethe.ingestion.restricting import Restrictions
from lethe.ingestion.steps.switching import switch_versions
from lethe.model.documents import Document, Status
from lethe.model.ids import new_id
from lethe.model.ingestions import IngestionState
from lethe.model.operations import DispatchKind
from tests.integration import test_bulk_batches
from tests.integration.test_bulk_batches import Bulk

bulk = test_bulk_batches.bulk


async def _brought(bulk: Bulk, *texts: str, at: int = 0) -> list[VersionRef]:
    ingestion = await bulk.start()
    taken = await bulk.take(ingestion, *texts, at=at)
    await bulk.bring_in(ingestion, taken)
    return taken


async def _document(bulk: Bulk, ref: VersionRef) -> Document:
    async with bulk.house.ledger.read() as uow:
        row = await uow.versions.get(bulk.tenant_id, ref.version_id)
        document = await uow.documents.get(bulk.tenant_id, row.document_id) if row else None
    assert document
    return document


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


async def test_what_is_kept_is_passed_by_in_the_removal_of_what_was_replaced(
    bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as a page are kept, and are the oldest."""
    monkeypatch.setattr(planning, "SWEEP", 2)
    rounds = [await _brought(bulk, f"The buoy {word}.", f"The rope {word}.") for word in ("floats", "sinks", "drifts")]
    rounds += [await _brought(bulk, f"The fog {word}.", at=2) for word in ("lifts", "falls")]
    document = [(await _document(bulk, ref)).id for ref in rounds[0]]
    restrictions = Restrictions(bulk.house.ledger, bulk.house.uploads.clock)
    for each in document:
        await restrictions.restrict(bulk.house.admin, each, "litigation")
    now = replace(bulk.planning, limits=bulk.planning.limits.model_copy(update={"drop_after_seconds": -1.0}))
    step, dropped = SweepStep(tenant_id=bulk.tenant_id, ingestion_id=new_id()), list[int]()
    while True:
        swept = await now.drop_replaced(step)
        dropped.append(swept.versions)
        if not swept.is_more:
            break
        step = step.model_copy(update={"after": swept.after})
    assert dropped == [0, 0, 1]
    kept = [Status.READY] * 6
    assert await bulk.statuses([ref for some in rounds for ref in some]) == [*kept, None, Status.READY]


@pytest.mark.parametrize("place", ["parser", "embedder"])
async def test_one_that_is_released_while_its_batch_runs_waits_all_the_same(bulk: Bulk, place: str) -> None:
    """It was not read: it would go live without a chunk, and what was served of it would go."""
    first = await bulk.start()
    served = await bulk.take(first, "The buoy floats.", "The rope holds.")
    await bulk.bring_in(first, served)
    second = await bulk.start()
    taken = await bulk.take(second, "The buoy sank.", "The rope tore.")
    document = await _document(bulk, taken[0])
    restrictions = Restrictions(bulk.house.ledger, bulk.house.uploads.clock)
    await restrictions.restrict(bulk.house.admin, document.id, "litigation")
    getattr(bulk, place).meanwhile = lambda: restrictions.release(bulk.house.admin, document.id)
    done = await bulk.bring_in(second, taken)
    assert [(each.version_id, each.code) for each in done.failed] == [(taken[0].version_id, "awaits_release")]
    assert (done.ready, done.lost) == (1, 0)
    assert (await _document(bulk, taken[0])).live_version_id == served[0].version_id
    assert await bulk.statuses([served[0], taken[0]]) == [Status.READY, Status.PENDING]
    assert (await bulk.bring_in(second, taken)).ready == 2
    assert (await _document(bulk, taken[0])).live_version_id == taken[0].version_id


async def test_a_cancelled_ingestion_clears_what_is_restricted_with_its_release(
    bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "SWEEP", 1)
    ingestion_id = await bulk.start()
    taken = await bulk.take(ingestion_id, "The buoy floats.", "The rope holds.")
    document = await _document(bulk, taken[0])
    restrictions = Restrictions(bulk.house.ledger, bulk.house.uploads.clock)
    await restrictions.restrict(bulk.house.admin, document.id, "litigation")
    step = SweepStep(tenant_id=bulk.tenant_id, ingestion_id=ingestion_id)
    await bulk.planning.set_state(
        StateChange(tenant_id=bulk.tenant_id, ingestion_id=ingestion_id, state=IngestionState.CANCELLED)
    )
    removed = list[int]()
    while (swept := await bulk.planning.clear(step)).is_more:
        removed.append(swept.versions)
        step = step.model_copy(update={"after": swept.after})
    assert removed == [0, 1]
    assert await bulk.statuses(taken) == [Status.PENDING, None]
    await restrictions.release(bulk.house.admin, document.id)
    async with bulk.house.ledger.read() as uow:
        pending = await uow.dispatches.pending(bulk.house.uploads.clock.now() + timedelta(days=1), 10)
    found = [(each.kind, each.ref) for each in pending if each.again and each.tenant_id == bulk.tenant_id]
    assert found == [(DispatchKind.DISCARD_VERSION, taken[0].version_id)]


async def test_no_version_goes_live_that_was_never_read(bulk: Bulk) -> None:
    ingestion = await bulk.start()
    (taken,) = await bulk.take(ingestion, "The buoy floats.")
    turn = await switch_versions(bulk.batches.pipeline, bulk.tenant_id, [taken.version_id])
    assert (turn.waiting, turn.live_from) == ([taken.version_id], {})
