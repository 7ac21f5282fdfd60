"""A bulk ingestion from its documents to answerable versions, on the real engines."""

import pytest

from lethe.ingestion.requests import Outcome, UploadRequest
from lethe.model.documents import Status
from lethe.model.ingestions import IngestionState
from tests.integration import bulks
from tests.integration.installation import Installation, once
from tests.integration.snapshot import document_state, mentions

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


async def test_a_bulk_leaves_what_single_uploads_leave(running: Installation) -> None:
    texts = bulks.uris("alike/bulk", [bulks.note(seed, 3) for seed in range(12)])
    ingestion_id = await bulks.fill(running, texts)
    await bulks.start(running, ingestion_id)
    assert (await bulks.result(running, ingestion_id))["ready"] == 12
    view = await bulks.use_cases(running).get(running.caller, ingestion_id)
    assert (view.state, view.total, view.done, view.added, view.failed) == ("done", 12, 12, 12, 0)
    for uri, text in list(texts.items())[:3]:
        single = await running.ingest(text, uri.replace("bulk", "single"))
        await running.result(single)
        twin = await _at(running, ingestion_id, uri)
        left, right = await document_state(running, twin), await document_state(running, single.document_id)
        for state in (left, right):
            for row in state["rows"]["document_versions"]:
                row["ingestion_id"] = row["position"] = None
            state["rows"].pop("dispatches", None)
        assert left == right


async def _at(running: Installation, ingestion_id: str, uri: str) -> str:
    for document_id in await bulks.live_documents(running, ingestion_id):
        if (await running.documents.get(running.caller, document_id)).source_uri == uri:
            return document_id
    raise AssertionError(uri)


async def test_what_fails_has_a_workflow_of_its_own_and_stops_nothing(running: Installation) -> None:
    good = bulks.uris("mixed", [bulks.note(seed) for seed in range(100, 105)])
    bad = {
        "file:///mixed/noise.bin": b"\x00\x01" * 400,
        "file:///mixed/blank.txt": b" \n ",
        "file:///mixed/none.txt": b"",
    }
    ingestion_id = await bulks.fill(running, {**good, **bad})
    await bulks.start(running, ingestion_id)
    outcome = await bulks.result(running, ingestion_id)
    assert (outcome["ready"], outcome["failed"]) == (5, 2)
    view = await bulks.until(running, ingestion_id, 8)
    assert (view.added, view.failed, view.total) == (5, 3, 8)
    cases = bulks.use_cases(running)
    failed = (await cases.items(running.caller, ingestion_id, Status.FAILED, 0, 9)).views
    assert {item.code for item in failed} == {"unsupported_type", "no_text"}
    refused = await cases.refused(running.caller, ingestion_id, None, 9)
    assert [item.code for item in refused.views] == ["empty_document"]
    for item in failed:
        handle = running.client.get_workflow_handle(f"ingest-document/{running.caller.tenant_id}/{item.version_id}")
        await handle.execute_update("resolve", "discard")
        await handle.result()
    assert (await cases.get(running.caller, ingestion_id)).lost == 2


async def test_unchanged_files_are_skipped_and_changed_ones_replaced(running: Installation) -> None:
    first = bulks.uris("again", [bulks.note(seed) for seed in range(200, 206)])
    one = await bulks.fill(running, first)
    await bulks.start(running, one)
    await bulks.result(running, one)
    edited = {**first, "file:///again/note-0001.txt": bulks.note(999)}
    old = (await bulks.use_cases(running).items(running.caller, one, None, 0, 9)).views[1].version_id
    assert old
    two = await bulks.fill(running, edited)
    await bulks.start(running, two)
    await bulks.result(running, two)
    view = await bulks.use_cases(running).get(running.caller, two)
    assert (view.added, view.updated, view.skipped, view.failed, view.total) == (0, 1, 5, 0, 6)
    assert await mentions(running, {old: "old"}) == {"rows": {}, "objects": [], "words": [], "blobs": [], "keys": []}


async def test_of_two_submissions_of_one_document_the_last_wins(running: Installation) -> None:
    cases, caller = bulks.use_cases(running), running.caller
    receiving = bulks.receiving(running)
    ingestion = await receiving.start(caller, 4)
    for text in ("The first word.", "The second word.", "The last word."):
        request = UploadRequest(source_uri="file:///twice.txt", filename="twice.txt")
        taken = await receiving.take(caller, ingestion.id, request, once(text.encode()))
    assert taken.outcome is Outcome.UPDATED  # pyright: ignore[reportPossiblyUnboundVariable]
    await cases.close(caller, ingestion.id)
    await bulks.start(running, ingestion.id)
    outcome = await bulks.result(running, ingestion.id)
    assert (outcome["ready"], outcome["lost"]) == (1, 2)
    assert taken.document_id  # pyright: ignore[reportPossiblyUnboundVariable]
    chunks = (await running.documents.chunks(caller, taken.document_id, 0, 9)).views
    assert [chunk.text for chunk in chunks] == ["The last word."]


async def test_an_open_ingestion_waits_pauses_and_goes_on(running: Installation) -> None:
    cases, caller = bulks.use_cases(running), running.caller
    ingestion_id = await bulks.fill(running, bulks.uris("open/a", [bulks.note(300)]), close=False)
    await bulks.start(running, ingestion_id)
    assert (await bulks.until(running, ingestion_id, 1)).state == "open"
    await cases.set_state(caller, ingestion_id, IngestionState.PAUSED)
    await bulks.look(running, ingestion_id)
    handle = running.client.get_workflow_handle(bulks.workflow_id(running, ingestion_id))
    while (await handle.query("progress", result_type=dict))["state"] != "paused":
        pass
    await bulks.add(running, ingestion_id, bulks.uris("open/b", [bulks.note(301), bulks.note(302)]))
    assert (await cases.get(caller, ingestion_id)).done == 1
    assert await handle.execute_update("set_window", 2) == "window 2"
    assert await handle.execute_update("resume") == "running"
    assert (await bulks.until(running, ingestion_id, 3)).window == 2
    await cases.close(caller, ingestion_id)
    await bulks.look(running, ingestion_id)
    assert (await bulks.result(running, ingestion_id))["ready"] == 3


async def test_cancelling_keeps_what_is_done_and_removes_the_rest(running: Installation) -> None:
    cases, caller = bulks.use_cases(running), running.caller
    ingestion_id = await bulks.fill(running, bulks.uris("cancel/a", [bulks.note(400)]), close=False)
    await bulks.start(running, ingestion_id)
    await bulks.until(running, ingestion_id, 1)
    await cases.set_state(caller, ingestion_id, IngestionState.PAUSED)
    await bulks.look(running, ingestion_id)
    await bulks.add(running, ingestion_id, bulks.uris("cancel/b", [bulks.note(401), bulks.note(402)]))
    waiting = (await cases.items(caller, ingestion_id, Status.PENDING, 0, 9)).views
    handle = running.client.get_workflow_handle(bulks.workflow_id(running, ingestion_id))
    await handle.execute_update("cancel")
    assert (await bulks.result(running, ingestion_id))["status"] == "cancelled"
    view = await cases.get(caller, ingestion_id)
    assert (view.state, view.added, view.lost, view.is_open) == ("cancelled", 1, 2, False)
    names = {item.version_id: "version" for item in waiting if item.version_id}
    assert len(names) == 2
    assert await mentions(running, names) == {"rows": {}, "objects": [], "words": [], "blobs": [], "keys": []}
