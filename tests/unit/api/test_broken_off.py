"""What a request did that broke off is met again by its next sending."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.idempotency import Idempotency
from lethe.contracts.answering import QuestionRef
from lethe.errors import LedgerConflict, LedgerUnavailable
from lethe.model.operations import DispatchKind
from tests.unit.api.test_ingestions import broken_after_the_commit
from tests.unit.api.world import World

UPLOAD: dict[str, Any] = {"data": {"title": "T"}, "files": {"file": ("x.txt", b"body", "text/plain")}}


async def test_an_upload_that_broke_off_after_its_commit_is_met_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a source of its own the document is known by nothing but the request that made it."""
    finish = Idempotency._finish  # pyright: ignore[reportPrivateUsage]

    async def die(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(Idempotency, "_finish", die)
    with pytest.raises(asyncio.CancelledError):
        await world.post("/v1/documents", idem="k1", **UPLOAD)
    monkeypatch.setattr(Idempotency, "_finish", finish)
    assert (await world.post("/v1/documents", idem="k1", **UPLOAD)).json()["code"] == "idempotency_in_flight"
    world.clock.advance(timedelta(seconds=world.services.settings.limits.upload_seconds + 61))
    again = (await world.post("/v1/documents", idem="k1", **UPLOAD)).json()
    assert [item["id"] for item in (await world.get("/v1/documents")).json()["items"]] == [again["document_id"]]


async def test_a_request_whose_store_failed_may_be_sent_again_at_once_and_is_met_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commit may have happened: the answer to it was lost."""
    receive = type(world.services.uploads).receive

    async def cut(*values: Any, **named: Any) -> None:
        await receive(*values, **named)
        raise LedgerUnavailable

    monkeypatch.setattr(type(world.services.uploads), "receive", cut)
    assert (await world.post("/v1/documents", idem="k1", **UPLOAD)).status_code == 503
    monkeypatch.setattr(type(world.services.uploads), "receive", receive)
    again = (await world.post("/v1/documents", idem="k1", **UPLOAD)).json()
    assert [item["id"] for item in (await world.get("/v1/documents")).json()["items"]] == [again["document_id"]]


async def test_a_refusal_in_between_does_not_part_an_upload_from_its_effect(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sending's answer is lost, the second is refused for what happens at that moment, the third comes."""
    await broken_after_the_commit(world, "/v1/documents", UPLOAD)

    async def refuse(*_: Any, **_named: Any) -> None:
        raise LedgerConflict

    with monkeypatch.context() as patch:
        patch.setattr(type(world.services.uploads), "receive", refuse)
        assert (await world.post("/v1/documents", idem="k1", **UPLOAD)).status_code == 409
    again = (await world.post("/v1/documents", idem="k1", **UPLOAD)).json()
    assert [item["id"] for item in (await world.get("/v1/documents")).json()["items"]] == [again["document_id"]]


async def test_a_key_made_before_a_crash_is_met_again_with_a_secret_that_is_told(world: World) -> None:
    before = len((await world.get("/v1/keys")).json()["items"])
    await broken_after_the_commit(world, "/v1/keys", {"json": {"role": "reader"}})
    again = (await world.post("/v1/keys", idem="k1", json={"role": "reader"})).json()
    listed = (await world.get("/v1/keys")).json()["items"]
    assert len(listed) == before + 1
    assert again == {**listed[0], "secret": again["secret"]}
    assert (await world.get("/v1/documents", again["secret"])).status_code == 200


async def test_a_question_that_broke_off_is_met_again_and_answered_once(world: World) -> None:
    """As at another process of the API: nothing is known of it but what SQL says."""
    sent: dict[str, Any] = {"json": {"question": "Why?", "no_store": True}}
    await broken_after_the_commit(world, "/v1/query", sent)
    answered = await world.post("/v1/query", idem="k1", **sent)
    assert (answered.status_code, answered.headers["Idempotent-Replayed"]) == (200, "true")
    assert len(world.workflows.answered) == 1
    again = await world.post("/v1/query", idem="k1", **sent)
    assert again.json()["id"] == answered.json()["id"]
    assert [ref.question_id for ref in world.workflows.answered] == [answered.json()["id"]]


async def test_an_answer_that_broke_off_is_not_bought_again(world: World) -> None:
    sent: dict[str, Any] = {"json": {"question": "Why?", "no_store": True}}
    await broken_after_the_commit(world, "/v1/query", sent)
    async with world.services.ledger.read() as uow:
        (record,) = await uow.idempotency.expired(world.clock.now() + timedelta(seconds=1), 10)
    await world.workflows.answer(QuestionRef(tenant_id=world.tenant_id, question_id=record.key_id))
    again = await world.post("/v1/query", idem="k1", **sent)
    assert (again.json()["id"], again.json()["state"]) == (record.key_id, "answered")
    assert len(world.workflows.answered) == 1


@pytest.mark.parametrize(
    ("path", "wish", "kind"),
    [
        ("/v1/audits", {}, DispatchKind.AUDIT_TENANT),
        ("/v1/documents/delete", {"source_prefix": "file:///a"}, DispatchKind.APPLY_SELECTION),
        ("/v1/dead-letters/retry", {"code": "no_text"}, DispatchKind.RESOLVE_LETTERS),
    ],
)
async def test_an_order_that_broke_off_is_met_again(
    world: World, path: str, wish: dict[str, str], kind: DispatchKind
) -> None:
    """It means what was there when it was given first: not what came meanwhile."""
    await broken_after_the_commit(world, path, {"json": wish})
    async with world.services.ledger.read() as uow:
        (first,) = [each for each in await uow.dispatches.pending(world.clock.now(), 100) if each.kind is kind]
    again = await world.post(path, idem="k1", json=wish)
    assert (again.status_code, again.json()["id"]) == (202, first.ref)
    assert datetime.fromisoformat(again.json()["created_at"]) == first.created_at
    assert {each.ref for each in world.workflows.dispatched} == {first.ref}


@pytest.mark.parametrize("wish", [{"source_prefix": "file:///a"}, {}], ids=["source", "document"])
async def test_a_quarantine_that_broke_off_is_met_again_even_lifted(world: World, wish: dict[str, str]) -> None:
    if not wish:
        wish = {"document_id": (await world.post("/v1/documents", **UPLOAD)).json()["document_id"]}
    wish["reason"] = "review"
    await broken_after_the_commit(world, "/v1/quarantines", {"json": wish})
    (first,) = (await world.get("/v1/quarantines")).json()["items"]
    path = f"/v1/quarantines/{first['id']}"
    await world.client.delete(path, headers={"X-API-Key": world.admin})
    again = await world.post("/v1/quarantines", idem="k1", json=wish)
    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    assert (await world.get("/v1/quarantines", params={"in_force": True})).json()["items"] == []
