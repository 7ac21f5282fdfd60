"""The routes of bulk ingestions: forms, archives, JSON, what is refused, and steering."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from lethe.errors import WorkflowsUnavailable
from lethe.model.ids import new_id
from lethe.model.operations import DispatchKind
from lethe.settings import Settings
from tests.unit.api.bad_requests import FORM, INVALID, JSON, form
from tests.unit.api.test_ingestions import PATH, TWO, files
from tests.unit.api.world import JSON_BYTES, World, open_world


def archive(**texts: str) -> tuple[str, bytes, str]:
    """A part that is a zip file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as zipped:
        for name, text in texts.items():
            zipped.writestr(name, text)
    return "archive", made.getvalue(), "texts.zip"


async def patch(world: World, path: str, body: dict[str, Any], key: str | None = None) -> httpx.Response:
    return await world.client.patch(path, json=body, headers={"X-API-Key": key or world.admin})


async def test_a_form_of_files_begins_an_ingestion(world: World) -> None:
    group = new_id()
    said = {"source_prefix": "file:///notes/", "metadata": '{"year": 2026}', "readers": json.dumps([group])}
    sent = files(("a.txt", b"The first."), ("deep/b.txt", b"The second."), ("c.txt", b""), window="2", **said)
    response = await world.post(PATH, **sent)
    receipt = response.json()
    assert (response.status_code, response.headers["Location"]) == (202, f"{PATH}/{receipt['id']}")
    assert [(each["name"], each["outcome"], each["code"]) for each in receipt["taken"]] == [
        ("a.txt", "added", ""),
        ("deep/b.txt", "added", ""),
        ("c.txt", None, "empty_document"),
    ]
    shown = {name: receipt[name] for name in ("state", "is_open", "window", "total", "done", "failed")}
    assert shown == {"state": "running", "is_open": False, "window": 2, "total": 3, "done": 1, "failed": 1}
    assert [(each.kind, each.ref) for each in world.workflows.dispatched] == [(DispatchKind.INGEST_BULK, receipt["id"])]
    documents = (await world.get("/v1/documents")).json()["items"]
    assert {each["source_uri"] for each in documents} == {"file:///notes/a.txt", "file:///notes/deep/b.txt"}
    assert all((each["metadata"], each["readers"]) == ({"year": 2026}, [group]) for each in documents)
    read = (await world.get(f"{PATH}/{receipt['id']}")).json()
    assert read | {"rate": receipt["rate"], "taken": receipt["taken"]} == receipt


async def test_files_without_a_prefix_are_documents_of_their_own(world: World) -> None:
    for _ in range(2):
        await world.post(PATH, **files(("a.txt", b"The same."), ("a.txt", b"The same.")))
    assert len((await world.get("/v1/documents")).json()["items"]) == 4


async def test_an_archive_is_kept_sealed_for_the_workflow(world: World) -> None:
    sent = form(("source_prefix", b"zip:///"), archive(one="A canary.", two="Another."), ("file", b"Beside.", "c.txt"))
    receipt = (await world.post(PATH, **sent)).json()
    assert [each["name"] for each in receipt["taken"]] == ["c.txt"]
    async with world.services.ledger.read() as uow:
        ingestion = await uow.ingestions.get(world.tenant_id, receipt["id"])
    assert ingestion
    kept = world.blobs.contents[ingestion.archive_key]
    assert len(kept) > 200
    assert b"canary" not in kept
    assert b"zip:///" not in ingestion.sealed_options


async def test_what_json_says_of_one_document_goes_before_what_it_says_of_all(world: World) -> None:
    body = {
        "metadata": {"kind": "note"},
        "classification": "public",
        "open": True,
        "documents": [
            {"text": "One.", "source_uri": "a:1"},
            {"text": "Two.", "source_uri": "a:2", "metadata": {"kind": "poem"}, "classification": "secret"},
        ],
    }
    receipt = (await world.post(PATH, json=body)).json()
    assert (receipt["state"], receipt["is_open"]) == ("open", True)
    found = {each["source_uri"]: each for each in (await world.get("/v1/documents")).json()["items"]}
    assert (found["a:1"]["metadata"], found["a:1"]["classification"]) == ({"kind": "note"}, "public")
    assert (found["a:2"]["metadata"], found["a:2"]["classification"]) == ({"kind": "poem"}, "secret")


async def test_more_documents_come_until_it_is_closed(world: World) -> None:
    opened = (await world.post(PATH, json={"open": True})).json()
    place = f"{PATH}/{opened['id']}"
    assert (opened["total"], opened["taken"]) == (0, [])
    more = await world.post(f"{place}/documents", **TWO)
    assert (more.status_code, more.json()["total"]) == (202, 2)
    assert world.workflows.looks == [opened["id"]]
    for _ in range(2):
        closed = (await world.post(f"{place}/close")).json()
        assert (closed["state"], closed["is_open"], closed["total"]) == ("running", False, 2)
    late = await world.post(f"{place}/documents", **TWO)
    assert (late.status_code, late.json()["code"]) == (409, "ingestion_closed")
    assert len((await world.get("/v1/documents")).json()["items"]) == 2


NOT_FOUND = "ingestion_not_found"
LONG = {"documents": [{"text": "x" * 100}] * (JSON_BYTES // 100)}
BAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "no body": ({}, 415, "unsupported_media_type"),
    "text": ({"content": b"x", "headers": {"content-type": "text/plain"}}, 415, "unsupported_media_type"),
    "wrong JSON": ({"content": b'{"documents": [', "headers": JSON}, 400, "malformed_json"),
    "an unknown field": ({"json": {"documents": [], "titel": "x"}}, 422, "unknown_field"),
    "an unknown field of a document": ({"json": {"documents": [{"text": "x", "y": 1}]}}, 422, "unknown_field"),
    "an unknown field of a form": (files(("a.txt", b"x"), titel="x"), 422, "unknown_field"),
    "no window": ({"json": {"window": 0}}, 422, INVALID),
    "too wide a window": (files(("a.txt", b"x"), window="17"), 422, INVALID),
    "too many texts": ({"json": {"documents": [{"text": ""}] * 1_001}}, 422, INVALID),
    "too long a JSON": ({"json": LONG}, 413, "payload_too_large"),
    "metadata that is no JSON": (files(("a.txt", b"x"), metadata="{"), 422, INVALID),
    "no boundary": ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 422, INVALID),
    "a form that is none": ({"content": b"nonsense", "headers": FORM}, 422, INVALID),
    "a field sent twice": (form(("open", b"1"), ("open", b"0"), ("file", b"x", "a.txt")), 422, INVALID),
    "a field behind a file": (form(("file", b"", "a.txt"), ("open", b"1")), 422, INVALID),
    "an archive behind a file": (form(("file", b"", "a.txt"), archive(a="x")), 422, INVALID),
    "a form without an end": (form(("file", b"", "a.txt"), end=False), 422, INVALID),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_wrong_body_is_a_typed_problem(world: World, case: str) -> None:
    options, status, code = BAD[case]
    opened = (await world.post(PATH, json={"open": True})).json()["id"]
    for path in (PATH, f"{PATH}/{opened}/documents"):
        if code == INVALID and "window" in case and path != PATH:
            continue  # there it is an unknown field
        response = await world.post(path, **dict(options))
        problem = response.json()
        assert (response.status_code, problem["code"]) == (status, code)
        assert response.headers["content-type"] == "application/problem+json"
        assert problem["request_id"] == response.headers["x-request-id"]
        assert problem["advice"]
    assert (await world.get("/v1/documents")).json()["items"] == []
    assert world.blobs.contents == {}


async def test_a_mended_archive_under_the_same_key_is_refused_and_says_what_to_do(world: World) -> None:
    """Its files would be taken for those of the first one, which may have been unpacked by now."""
    prefix, nameless = ("source_prefix", b"zip:///"), ("file", b"Beside.", "")
    broken = await world.post(PATH, idem="k1", **form(prefix, ("archive", b"PK damaged", "a.zip"), nameless))
    assert (broken.status_code, broken.json()["code"]) == (422, INVALID)
    kept = set(world.blobs.contents)
    mended = form(prefix, archive(a="The whole."))
    refused = await world.post(PATH, idem="k1", **mended)
    assert (refused.status_code, refused.json()["code"]) == (409, "archive_changed")
    assert "new Idempotency-Key" in refused.json()["advice"]
    (begun,) = (await world.get(PATH)).json()["items"]
    assert begun["id"] in refused.json()["detail"]
    assert set(world.blobs.contents) == kept
    assert (await world.post(PATH, idem="k2", **mended)).status_code == 202


async def test_one_archive_and_only_at_the_start(world: World) -> None:
    two = await world.post(PATH, **form(archive(a="x"), archive(b="x")))
    assert (two.status_code, two.json()["code"]) == (422, INVALID)
    opened = (await world.post(PATH, json={"open": True})).json()["id"]
    late = await world.post(f"{PATH}/{opened}/documents", **form(archive(a="x")))
    assert (late.status_code, late.json()["code"]) == (422, INVALID)


async def test_a_form_that_grows_too_large_is_refused_and_what_came_before_stays(api_settings: Settings) -> None:
    bulk = api_settings.bulk.model_copy(update={"request_bytes": 1_000})
    async with open_world(api_settings.model_copy(update={"bulk": bulk})) as world:
        sent = files(("a.txt", b"The first."), ("b.txt", b"x" * 280_000))
        told = await world.post(PATH, **sent)
        assert (told.status_code, told.json()["code"]) == (413, "payload_too_large")
        assert (await world.get(PATH)).json()["items"] == []

        async def untold() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 50_000):
                yield body[start : start + 50_000]

        body, sent["content"] = sent["content"], untold()
        streamed = await world.post(PATH, **sent)
        assert (streamed.status_code, streamed.json()["code"]) == (413, "payload_too_large")
        (left,) = (await world.get(PATH)).json()["items"]
        assert (left["total"], left["failed"], left["is_open"]) == (1, 0, False)


async def test_other_documents_under_the_same_key_are_refused(world: World) -> None:
    first = await world.post(PATH, idem="k1", **TWO)
    for other in (files(("a.txt", b"The first.")), files(("a.txt", b"The first."), ("b.txt", b"Another."))):
        response = await world.post(PATH, idem="k1", **other)
        assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    again = await world.post(PATH, idem="k1", **TWO)
    assert again.json()["taken"] == first.json()["taken"]
    assert again.headers["Location"] == first.headers["Location"]
    assert len(world.workflows.dispatched) == 1
    assert len((await world.get("/v1/documents")).json()["items"]) == 2


@pytest.mark.parametrize("is_away", [False, True])
async def test_pausing_resuming_and_cancelling(world: World, *, is_away: bool) -> None:
    """The ledger says so also while Temporal is away: the workflow looks by itself."""
    place = f"{PATH}/{(await world.post(PATH, world.writer, json={'open': True})).json()['id']}"
    world.workflows.fails_with = WorkflowsUnavailable() if is_away else None
    for action, state in (("pause", "paused"), ("resume", "open"), ("pause", "paused"), ("cancel", "cancelled")):
        for _ in range(2):
            response = await world.post(f"{place}/{action}", world.writer)
            assert (response.status_code, response.json()["state"]) == (200, state)
    assert len(world.workflows.looks) == (0 if is_away else 8)
    cancelled = (await world.get(place)).json()
    assert (cancelled["is_open"], cancelled["ended_at"] is not None) == (False, True)
    for action in ("pause", "resume"):
        refused = await world.post(f"{place}/{action}", world.writer)
        assert (refused.status_code, refused.json()["code"]) == (409, "ingestion_closed")
    late = await world.post(f"{place}/documents", world.writer, **TWO)
    assert late.json()["code"] == "ingestion_closed"


async def test_the_window_changes_while_it_runs(world: World) -> None:
    opened = (await world.post(PATH, json={"open": True})).json()
    assert opened["window"] == world.services.settings.bulk.window
    changed = await patch(world, f"{PATH}/{opened['id']}", {"window": 7})
    assert (changed.status_code, changed.json()["window"]) == (200, 7)
    assert world.workflows.looks == [opened["id"]]
    for wrong, code in (({"window": 0}, INVALID), ({"window": 17}, INVALID), ({"state": "done"}, "unknown_field")):
        assert (await patch(world, f"{PATH}/{opened['id']}", wrong)).json()["code"] == code


async def test_only_writers_and_only_their_own(world: World) -> None:
    place = f"{PATH}/{(await world.post(PATH, world.writer, json={'open': True})).json()['id']}"
    assert (await world.post(PATH, world.reader, **TWO)).status_code == 403
    for action in ("pause", "resume", "cancel", "close", "documents"):
        sent = TWO if action == "documents" else {}
        assert (await world.post(f"{place}/{action}", world.reader, **sent)).status_code == 403
        for path, key in (
            (place, world.foreign_admin),
            (f"{PATH}/{new_id()}", world.admin),
            (f"{PATH}/x", world.admin),
        ):
            response = await world.post(f"{path}/{action}", key, **sent)
            assert (response.status_code, response.json()["code"]) == (404, "ingestion_not_found")
    assert (await patch(world, place, {"window": 2}, world.foreign_admin)).json()["code"] == NOT_FOUND
    assert (await world.get(place, world.reader)).json()["code"] == NOT_FOUND
