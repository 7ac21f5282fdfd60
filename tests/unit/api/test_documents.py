"""Documents over HTTP: what goes in comes out, streamed, paged, and started."""

import json
from collections.abc import AsyncIterator

import pytest

from lethe.errors import WorkflowsUnavailable
from lethe.model.ids import new_id
from lethe.model.operations import DispatchKind
from lethe.model.principals import Role
from lethe.privacy.sealing import Purpose, unseal_stream
from tests.unit.api.world import World


def _unsealed(_key: bytes, _purpose: str, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    return data


async def _original(world: World, receipt: dict[str, str]) -> bytes:
    """The stored bytes, opened."""
    key = await world.services.keyring.get(world.tenant_id, receipt["version_id"])
    sealed = world.blobs.read(f"{world.tenant_id}/{receipt['version_id']}/original")
    return b"".join([piece async for piece in unseal_stream(key, Purpose.ORIGINAL, sealed)])


async def test_a_text_as_json(world: World) -> None:
    response = await world.upload(
        "Lethe is a river.", title="Rivers", source_uri="notes:rivers", metadata={"year": 2026}
    )
    receipt = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"/v1/documents/{receipt['document_id']}"
    assert (receipt["status"], receipt["outcome"]) == ("pending", "added")
    assert await _original(world, receipt) == b"Lethe is a river."
    dispatch = world.workflows.dispatched[0]
    assert (dispatch.kind, dispatch.ref) == (DispatchKind.INGEST_DOCUMENT, receipt["version_id"])
    assert dispatch.workflow_id == receipt["workflow_id"]
    document = (await world.get(response.headers["location"])).json()
    assert document["title"] == "Rivers"
    assert document["source_uri"] == "notes:rivers"
    assert document["metadata"] == {"year": 2026}
    assert document["readers"] == [world.tenant_id]
    assert document["created_at"].endswith("Z")


async def test_a_file_as_a_form(world: World) -> None:
    body = bytes(range(256)) * 1000
    group = new_id()
    response = await world.post(
        "/v1/documents",
        data={
            "title": "Zahlen – ä",
            "metadata": json.dumps({"tags": ["a", "b"], "is_final": True}),
            "readers": json.dumps([group]),
            "subjects": json.dumps([{"kind": "email", "value": "ada@example.org"}]),
        },
        files={"file": ("zahlen.BIN", body, "application/pdf")},
    )
    assert response.status_code == 202
    receipt = response.json()
    assert await _original(world, receipt) == body
    document = (await world.get(f"/v1/documents/{receipt['document_id']}")).json()
    assert document["title"] == "Zahlen – ä"
    assert document["metadata"] == {"tags": ["a", "b"], "is_final": True}
    assert document["readers"] == [group]
    assert document["size_bytes"] == len(body)
    assert document["media_type"] == "application/pdf"
    async with world.services.ledger.read() as uow:
        version = await uow.versions.get(world.tenant_id, receipt["version_id"])
        assert len(await uow.subjects.of_version(world.tenant_id, receipt["version_id"])) == 1
    assert version
    assert version.filename_suffix == ""


@pytest.mark.parametrize("piece", [1, 7, 64])
async def test_a_form_in_pieces_of_any_size(world: World, piece: int) -> None:
    body = b'--b0\r\ncontent-disposition: form-data; name="title"\r\n\r\nT\r\n--b0\r\n'
    body += b'Content-Disposition: form-data; name="file"; filename="x.txt"\r\n'
    body += b"content-type: text/plain; charset=utf-8\r\n\r\n"
    body += b"\r\n--b\r\n\r\n--b1 not a boundary\r\n" + b"\r\n--b0--\r\n"

    async def trickle() -> AsyncIterator[bytes]:
        for start in range(0, len(body), piece):
            yield body[start : start + piece]

    response = await world.post(
        "/v1/documents", content=trickle(), headers={"content-type": 'multipart/form-data; boundary="b0"'}
    )
    assert response.status_code == 202
    assert await _original(world, response.json()) == b"\r\n--b\r\n\r\n--b1 not a boundary\r\n"
    document = (await world.get(response.headers["location"])).json()
    assert (document["title"], document["media_type"]) == ("T", "text/plain")


async def test_the_file_is_handed_on_while_it_arrives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    arrived: list[int] = []
    sent = 0

    async def sending() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b0\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n'
        for _ in range(20):
            sent += 10_000
            yield b"x" * 10_000
        yield b"\r\n--b0--\r\n"

    async def write(self: object, key: str, data: AsyncIterator[bytes]) -> int:
        arrived.extend([sent async for _ in data])
        return 1

    monkeypatch.setattr(type(world.blobs), "write", write)
    monkeypatch.setattr("lethe.ingestion.uploads.seal_stream", _unsealed)
    response = await world.post(
        "/v1/documents", content=sending(), headers={"content-type": "multipart/form-data; boundary=b0"}
    )
    assert response.status_code == 202
    # The first piece is with the blob store before the second one has been asked for.
    assert arrived[0] == 10_000
    assert len(arrived) >= 20


async def test_temporal_away_leaves_the_dispatch_to_the_sweeper(world: World) -> None:
    world.workflows.fails_with = WorkflowsUnavailable()
    receipt = (await world.upload()).json()
    assert receipt["workflow_id"]
    later = world.clock.now()
    async with world.services.ledger.read() as uow:
        waiting = await uow.dispatches.pending(later, 10)
    assert [dispatch.workflow_id for dispatch in waiting] == [receipt["workflow_id"]]
    world.workflows.fails_with = None
    await world.upload()
    async with world.services.ledger.read() as uow:
        assert len(await uow.dispatches.pending(world.clock.now(), 10)) == 1


async def test_lists_are_paged_without_repeating_or_skipping(world: World) -> None:
    made = [(await world.upload(f"text {number}")).json()["document_id"] for number in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await world.get("/v1/documents", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        await world.upload("new while paging")
    assert seen == made[::-1]


async def test_rows_that_show_nothing_do_not_end_a_list(world: World) -> None:
    made = [(await world.upload(f"text {number}")).json() for number in range(4)]
    await world.services.keyring.destroy(world.tenant_id, [receipt["version_id"] for receipt in made[1:]])
    first = (await world.get("/v1/documents", params={"limit": 3})).json()
    assert first["items"] == []
    rest = (await world.get("/v1/documents", params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in rest["items"]] == [made[0]["document_id"]]
    assert rest["next_cursor"] is None
    assert (await world.get(f"/v1/documents/{made[1]['document_id']}")).status_code == 404


async def test_a_list_by_status(world: World) -> None:
    await world.upload()
    assert len((await world.get("/v1/documents", params={"status": "pending"})).json()["items"]) == 1
    assert (await world.get("/v1/documents", params={"status": "ready"})).json()["items"] == []
    assert (await world.get("/v1/documents", params={"status": "nearly"})).json()["code"] == "invalid_request"


async def test_a_cursor_is_of_one_list_of_one_tenant(world: World) -> None:
    for key in (world.admin, world.foreign_admin):
        for number in range(3):
            await world.upload(f"text {number}", key)
    cursor = (await world.get("/v1/documents", params={"limit": 1})).json()["next_cursor"]
    flipped = cursor[:60] + ("A" if cursor[60] != "A" else "B") + cursor[61:]
    attempts = [
        ("/v1/documents", world.admin, {"cursor": flipped}),
        ("/v1/documents", world.admin, {"cursor": cursor[:-4]}),
        ("/v1/documents", world.admin, {"cursor": cursor + "AAAA"}),
        ("/v1/documents", world.admin, {"cursor": "ä" + cursor}),
        ("/v1/documents", world.admin, {"cursor": "A" * 5000}),
        ("/v1/documents", world.admin, {"cursor": ""}),
        ("/v1/documents", world.admin, {"cursor": cursor, "status": "pending"}),
        ("/v1/documents", world.foreign_admin, {"cursor": cursor}),
        ("/v1/dead-letters", world.admin, {"cursor": cursor}),
        ("/v1/keys", world.admin, {"cursor": cursor}),
    ]
    for path, key, params in attempts:
        response = await world.get(path, key, params=params)
        assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor"), params
    assert (await world.get("/v1/documents", params={"cursor": cursor})).status_code == 200


async def test_only_readers_see_a_document(world: World) -> None:
    group = new_id()
    document = (await world.upload(readers=[group])).json()["document_id"]
    assert (await world.get(f"/v1/documents/{document}", world.reader)).status_code == 404
    assert (await world.get("/v1/documents", world.reader)).json()["items"] == []
    assert (await world.get(f"/v1/documents/{document}/chunks", world.reader)).status_code == 404
    member = await world.key(world.tenant_id, Role.READER, groups=frozenset({group}))
    assert (await world.get(f"/v1/documents/{document}", member)).status_code == 200
    assert (await world.get(f"/v1/documents/{document}/chunks", member)).json() == {"items": [], "next_cursor": None}


async def test_delete_is_at_once_and_dispatched(world: World) -> None:
    document = (await world.upload()).json()["document_id"]
    response = await world.client.delete(f"/v1/documents/{document}", headers={"X-API-Key": world.writer})
    assert (response.status_code, response.json()["status"]) == (202, "deleting")
    assert world.workflows.dispatched[-1].kind is DispatchKind.DELETE_DOCUMENT
    assert world.workflows.dispatched[-1].ref == document
    assert (await world.get(f"/v1/documents/{document}")).status_code == 404


async def test_a_change_needs_a_live_version(world: World) -> None:
    document = (await world.upload()).json()["document_id"]
    response = await world.client.patch(
        f"/v1/documents/{document}", headers={"X-API-Key": world.writer}, json={"title": "new"}
    )
    assert (response.status_code, response.json()["code"]) == (409, "document_conflict")
