"""Deleting and updating by a description, on the real engines."""

from contextlib import suppress

import pytest
from temporalio.client import WorkflowFailureError

from lethe.contracts.selection import SelectionTotals
from lethe.ingestion.requests import MetadataPatch, Receipt
from lethe.ingestion.selections import Description, Selections, dispatch_of
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.model.selections import Selection, SelectionAction, SelectionState
from tests.integration.installation import Installation
from tests.integration.snapshot import mentions
from tests.integration.test_audit import audit, differences, first_found, ingested
from tests.integration.test_letters import priority_of
from workflows import policies
from workflows.starters import Starters

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def carried_out(
    running: Installation,
    action: SelectionAction,
    described: Description,
    patch: MetadataPatch | None = None,
    caller: Caller | None = None,
) -> tuple[SelectionTotals, Selection]:
    selections = Selections(running.ledger, running.keyring, running.uploads.clock)
    me = caller or running.caller
    selection = await selections.order(me, action, described, patch or MetadataPatch())
    await Starters(running.client).start(dispatch_of(selection))
    handle = running.client.get_workflow_handle(dispatch_of(selection).workflow_id, result_type=SelectionTotals)
    totals = await handle.result()
    return totals, await selections.get(me, selection.id)


def ids(receipts: list[Receipt]) -> set[Id]:
    return {receipt.document_id for receipt in receipts}


async def test_a_prefix_is_counted_and_then_deleted_from_every_store(running: Installation) -> None:
    doomed, kept = await ingested(running, 5, "doom/a"), await ingested(running, 2, "doomed")
    described = Description(source_prefix="file:///doom/")
    totals, counted = await carried_out(running, SelectionAction.COUNT, described)
    assert (totals.matched, totals.done, counted.state) == (5, 0, SelectionState.DONE)
    assert ids(doomed) <= set(await first_found(running, "doom lantern"))

    totals, ended = await carried_out(running, SelectionAction.DELETE, described)
    assert (totals.matched, totals.done, totals.skipped) == (5, 5, 0)
    assert (ended.matched, ended.done, ended.sealed_wish) == (5, 5, b"")
    assert totals.removed >= 5
    assert await priority_of(running, dispatch_of(ended).workflow_id) == policies.BACKGROUND_PRIORITY
    for receipt in doomed:
        names = {receipt.document_id: "document", receipt.version_id: "version"}
        assert await mentions(running, names) == {"rows": {}, "objects": [], "words": [], "blobs": [], "keys": []}
    assert ids(kept) <= set(await first_found(running, "doomed lantern"))
    assert (await mentions(running, {ended.id: "selection"}))["keys"] == []
    assert differences((await audit(running)).builds[0].tally) == (0, 0, 0, 0)


async def test_only_what_fits_and_only_what_the_caller_may_read(running: Installation) -> None:
    group = new_id()
    old = await ingested(running, 2, "years/old", metadata={"year": 1990})
    new = await ingested(running, 2, "years/new", metadata={"year": 2020})
    secret = await ingested(running, 2, "years/secret", metadata={"year": 1980}, readers=(group,))
    writer = Caller(running.caller.tenant_id, new_id(), Role.WRITER)
    described = Description(filter={"year": {"$lt": 2000}})
    totals, _ = await carried_out(running, SelectionAction.DELETE, described, caller=writer)
    assert (totals.matched, totals.done) == (2, 2)
    found = set(await first_found(running, "years lantern", frozenset({running.caller.tenant_id, group})))
    assert found & ids([*old, *new, *secret]) == ids([*new, *secret])

    some = Description(ids=(new[0].document_id, secret[0].document_id, new_id()))
    totals, _ = await carried_out(running, SelectionAction.DELETE, some, caller=writer)
    assert (totals.matched, totals.done, totals.skipped) == (1, 1, 2)
    totals, _ = await carried_out(running, SelectionAction.DELETE, some)
    assert (totals.matched, totals.done, totals.skipped) == (1, 1, 2)


async def test_an_update_counts_for_the_next_question(running: Installation) -> None:
    group = new_id()
    moved = await ingested(running, 3, "moves", metadata={"team": "moves"})
    patch = MetadataPatch(metadata={"team": "moved"}, readers=(group,))
    described = Description(filter={"$or": [{"team": "moves"}, {"team": "nobody"}]})
    totals, _ = await carried_out(running, SelectionAction.UPDATE, described, patch)
    assert (totals.matched, totals.done) == (3, 3)
    assert not ids(moved) & set(await first_found(running, "moves lantern"))
    assert set(await first_found(running, "moves lantern", frozenset({group}))) == ids(moved)
    shown = await running.documents.get(running.caller, moved[0].document_id)
    assert (shown.metadata, shown.readers) == ({"team": "moved"}, (group,))
    totals, _ = await carried_out(running, SelectionAction.UPDATE, described, patch)
    assert totals == SelectionTotals()


async def test_what_is_still_on_its_way_in_is_deleted_too(running: Installation) -> None:
    failed = await running.ingest(b"\x00\x01\x02\x03", "file:///way/broken.bin")
    await running.ended(failed.document_id)
    started = await running.ingest("The ferry lantern is lit at dusk. " * 200, "file:///way/ferry.txt")
    totals, _ = await carried_out(running, SelectionAction.DELETE, Description(source_prefix="file:///way"))
    assert (totals.matched, totals.done) == (2, 2)
    for receipt in (failed, started):
        handle = running.client.get_workflow_handle(receipt.workflow_id)
        # Cancelled, or superseded: either way its last step has removed what it wrote.
        with suppress(WorkflowFailureError):
            await handle.result()
        names = {receipt.document_id: "document", receipt.version_id: "version"}
        assert await mentions(running, names) == {"rows": {}, "objects": [], "words": [], "blobs": [], "keys": []}
