"""Bulk ingestions over HTTP: what is taken in, once, and how it is steered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.idempotency import Idempotency
from lethe.errors import LedgerUnavailable
from lethe.ingestion.uploads import Uploads
from lethe.model.ids import Id, new_id
from lethe.model.principals import Role
from tests.unit.api.bad_requests import INVALID, form
from tests.unit.api.world import DOCUMENT_BYTES, World

PATH = "/v1/ingestions"


def files(*named: tuple[str, bytes], **fields: str) -> dict[str, Any]:
    """A form of fields and files."""
    return form(*((name, value.encode()) for name, value in fields.items()), *(("file", data, n) for n, data in named))


TWO = files(("a.txt", b"The first."), ("b.txt", b"The second."))


async def versions(world: World) -> list[tuple[Id, Id | None]]:
    """Each version there is, with its ingestion."""
    found: list[tuple[Id, Id | None]] = []
    for item in (await world.get("/v1/documents")).json()["items"]:
        async with world.services.ledger.read() as uow:
            found += [(v.id, v.ingestion_id) for v in await uow.versions.of_document(world.tenant_id, item["id"])]
    return found


def counts(view: dict[str, Any]) -> tuple[int, int, int]:
    return view["total"], view["skipped"], view["failed"]


async def broken_after_the_commit(world: World, path: str, sent: dict[str, Any], key: str | None = None) -> None:
    """The process dies between the effect and its record; then so much time passes that the claim is free."""
    with pytest.MonkeyPatch.context() as patch:

        async def die(*_: object) -> None:
            raise asyncio.CancelledError

        patch.setattr(Idempotency, "_finish", die)
        with pytest.raises(asyncio.CancelledError):
            await world.post(path, key, idem="k1", **sent)
    world.clock.advance(timedelta(seconds=world.services.settings.limits.upload_seconds + 61))


async def test_documents_that_landed_before_a_crash_are_met_again(world: World) -> None:
    sent = files(("a.txt", b"The first."), ("none.txt", b""), ("b.txt", b"The second."))
    await broken_after_the_commit(world, PATH, sent)
    landed = await versions(world)
    again = await world.post(PATH, idem="k1", **sent)
    assert again.status_code == 202
    receipt = again.json()
    assert await versions(world) == landed
    assert {ingestion_id for _, ingestion_id in landed} == {receipt["id"]}
    assert [(each["outcome"], each["code"]) for each in receipt["taken"]] == [
        ("skipped", ""),
        (None, "empty_document"),
        ("skipped", ""),
    ]
    assert counts(receipt) == (3, 0, 1)
    assert len((await world.get(PATH)).json()["items"]) == 1
    replayed = await world.post(PATH, idem="k1", **sent)
    assert (replayed.json()["taken"], replayed.headers["Idempotent-Replayed"]) == (receipt["taken"], "true")


async def test_documents_sent_to_an_open_ingestion_before_a_crash_are_met_again(world: World) -> None:
    opened = (await world.post(PATH, json={"open": True})).json()
    path = f"{PATH}/{opened['id']}/documents"
    await broken_after_the_commit(world, path, {"json": {"documents": [{"text": "One."}, {"text": "Two."}]}})
    landed = await versions(world)
    again = await world.post(path, idem="k1", json={"documents": [{"text": "One."}, {"text": "Two."}]})
    assert (again.status_code, await versions(world)) == (202, landed)
    assert counts(again.json()) == (2, 0, 0)
    assert [each["version_id"] for each in again.json()["taken"]] == [version_id for version_id, _ in reversed(landed)]


async def test_a_request_that_breaks_off_goes_on_where_it_was(world: World) -> None:
    """The third part has no name, though sources are to be made of names: a mistake that is found midway."""
    good = [("file", b"The first.", "a.txt"), ("file", b"The second.", "b.txt")]
    prefix = ("source_prefix", b"file:///")
    broken = await world.post(PATH, idem="k1", **form(prefix, *good, ("file", b"The third.", "")))
    assert (broken.status_code, broken.json()["code"]) == (422, INVALID)
    landed = await versions(world)
    assert len(landed) == 2
    mended = await world.post(PATH, idem="k1", **form(prefix, *good, ("file", b"The third.", "c.txt")))
    assert [each["outcome"] for each in mended.json()["taken"]] == ["skipped", "skipped", "added"]
    assert counts(mended.json()) == (3, 0, 0)
    assert len(await versions(world)) == 3
    assert {ingestion_id for _, ingestion_id in await versions(world)} == {mended.json()["id"]}


async def test_a_request_whose_store_failed_midway_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive, calls = Uploads.receive, list[object]()

    async def failing(*values: Any, **named: Any) -> Any:
        calls.append(values)
        if len(calls) == 2:
            raise LedgerUnavailable
        return await receive(*values, **named)

    monkeypatch.setattr(Uploads, "receive", failing)
    assert (await world.post(PATH, idem="k1", **TWO)).status_code == 503
    assert [each["outcome"] for each in (await world.post(PATH, idem="k1", **TWO)).json()["taken"]] == [
        "skipped",
        "added",
    ]
    assert len(await versions(world)) == 2


async def test_a_document_that_was_refused_and_is_mended_is_counted_once(world: World) -> None:
    prefix, good = ("source_prefix", b"file:///"), ("file", b"The first.", "a.txt")
    nameless = ("file", b"The third.", "")
    broken = await world.post(PATH, idem="k1", **form(prefix, good, ("file", b"", "b.txt"), nameless))
    assert broken.status_code == 422
    mended = await world.post(PATH, idem="k1", **form(prefix, good, ("file", b"The second.", "b.txt")))
    assert [each["outcome"] for each in mended.json()["taken"]] == ["skipped", "added"]
    assert counts(mended.json()) == (2, 0, 0)
    refused = await world.get(f"{PATH}/{mended.json()['id']}/documents", params={"status": "refused"})
    assert refused.json()["items"] == []


async def test_without_a_key_what_breaks_off_is_closed(world: World) -> None:
    assert (await world.post(PATH, **form(("file", b"The first.", "a.txt"), end=False))).status_code == 422
    (left,) = (await world.get(PATH)).json()["items"]
    assert (left["is_open"], left["total"]) == (False, 0)


async def test_a_body_that_breaks_off_is_no_documents_fault(world: World) -> None:
    whole = files(("a.txt", b"The first."), ("b.txt", b"It breaks off within the second."))
    whole["content"] = whole["content"][:-20]
    assert (await world.post(PATH, idem="k1", **whole)).json()["code"] == INVALID
    (left,) = (await world.get(PATH)).json()["items"]
    assert counts(left) == (1, 0, 0)


async def test_documents_that_were_not_read_to_their_end_are_known_again(world: World) -> None:
    """One that is too large is not read on; a repetition of it is the same all the same."""
    sent = files(("large.txt", b"x" * (DOCUMENT_BYTES + 200_000)), ("b.txt", b"The second."))
    whole = sent["content"]

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), 50_000):
            yield whole[start : start + 50_000]

    def pieces() -> dict[str, Any]:
        return sent | {"content": in_pieces()}

    first = await world.post(PATH, idem="k1", **pieces())
    assert [each["code"] for each in first.json()["taken"]] == ["payload_too_large", ""]
    again = await world.post(PATH, idem="k1", **pieces())
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
    assert again.json()["taken"] == first.json()["taken"]


async def test_other_documents_under_a_numbers_id_are_other_documents(world: World) -> None:
    """Sent again with one document less in front, the second is not taken for the first."""
    one, two = {"text": "One.", "source_uri": "file:///1"}, {"text": "Two.", "source_uri": "file:///2"}
    await broken_after_the_commit(world, PATH, {"json": {"documents": [one]}})
    assert (await world.post(PATH, idem="k1", json={"documents": [two]})).status_code == 202
    found = (await world.get("/v1/documents")).json()["items"]
    assert {item["source_uri"] for item in found} == {"file:///1", "file:///2"}


async def items_of(world: World, ingestion_id: Id, key: str, **params: Any) -> list[dict[str, Any]]:
    """All of a list, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        page = (await world.get(f"{PATH}/{ingestion_id}/documents", key, params=params)).json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


async def test_documents_the_sender_may_no_longer_read_are_not_listed(world: World) -> None:
    """As in the list of documents: rights may have changed since they were sent."""
    texts = [{"text": f"Text {number}.", "source_uri": f"file:///{number}"} for number in range(4)]
    sent = (await world.post(PATH, world.writer, json={"documents": texts})).json()
    withdrawn, hidden, deleted, left = [each["document_id"] for each in sent["taken"]]
    async with world.services.ledger.write() as uow:
        await uow.documents.set_readers(world.tenant_id, withdrawn, (new_id(),))
    assert (await world.post("/v1/quarantines", json={"document_id": hidden, "reason": "review"})).status_code == 201
    headers = {"X-API-Key": world.admin}
    assert (await world.client.delete(f"/v1/documents/{deleted}", headers=headers)).status_code == 202
    for key, expected in ((world.writer, [left]), (world.admin, [withdrawn, hidden, left])):
        listed = [item["id"] for item in (await world.get("/v1/documents", key)).json()["items"]]
        assert sorted(listed) == sorted(expected)
        assert [item["document_id"] for item in await items_of(world, sent["id"], key)] == expected
        assert [item["document_id"] for item in await items_of(world, sent["id"], key, limit=1)] == expected


async def test_items_and_refusals_come_page_by_page(world: World) -> None:
    named = [(f"{n}.txt", b"" if n % 2 else b"Text %d." % n) for n in range(6)]
    sent = (await world.post(PATH, **files(*named, source_prefix="file:///"))).json()
    shown = await items_of(world, sent["id"], world.admin, limit=1)
    assert [(item["position"], item["name"], item["status"]) for item in shown] == [
        (1, "file:///0.txt", "pending"),
        (2, "file:///2.txt", "pending"),
        (3, "file:///4.txt", "pending"),
    ]
    refused = await items_of(world, sent["id"], world.admin, limit=1, status="refused")
    assert [(item["name"], item["code"]) for item in refused] == [
        ("5.txt", "empty_document"),
        ("3.txt", "empty_document"),
        ("1.txt", "empty_document"),
    ]
    assert await items_of(world, sent["id"], world.admin, status="failed") == []
    page = await world.get(f"{PATH}/{sent['id']}/documents", params={"limit": 1})
    other = {"limit": 1, "status": "pending", "cursor": page.json()["next_cursor"]}
    assert (await world.get(f"{PATH}/{sent['id']}/documents", params=other)).json()["code"] == "invalid_cursor"


async def test_others_ingestions_do_not_hide_ones_own(world: World) -> None:
    mine = (await world.post(PATH, world.writer, **TWO)).json()["id"]
    theirs = [(await world.post(PATH, **TWO)).json()["id"] for _ in range(2)]
    page = (await world.get(PATH, world.writer, params={"limit": 1})).json()
    assert ([each["id"] for each in page["items"]], page["next_cursor"]) == ([mine], None)
    assert [each["id"] for each in (await world.get(PATH)).json()["items"]] == [*reversed(theirs), mine]
    stranger = await world.key(world.tenant_id, Role.WRITER)
    for key in (stranger, world.foreign_admin):
        assert (await world.get(f"{PATH}/{mine}", key)).json()["code"] == "ingestion_not_found"
        assert (await world.get(f"{PATH}/{mine}/documents", key)).json()["code"] == "ingestion_not_found"
        assert (await world.get(PATH, key)).json()["items"] == []
