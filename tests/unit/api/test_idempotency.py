"""Idempotency-Key: one effect, the same answer; another body is refused; nothing deleted comes back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from api import recalling
from api.asking import AskedMemo, store
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.model.operations import Dispatch
from lethe.privacy.sealing import Purpose, seal
from lethe.settings import Settings
from tests.unit.api.test_questions import passage
from tests.unit.api.world import InProcessWorkflows, World, open_world


def _file(body: bytes) -> dict[str, Any]:
    return {"data": {"title": "T"}, "files": {"file": ("x.txt", body, "text/plain")}}


async def test_an_upload_is_repeated_without_a_second_document(world: World) -> None:
    first = await world.post("/v1/documents", idem="k1", **_file(b"body"))
    second = await world.post("/v1/documents", idem="k1", **_file(b"body"))
    assert second.json() == first.json()
    assert second.status_code == first.status_code == 202
    assert second.headers["location"] == first.headers["location"]
    assert (first.headers.get("idempotent-replayed"), second.headers["idempotent-replayed"]) == (None, "true")
    assert len(world.workflows.dispatched) == 1
    assert len((await world.get("/v1/documents")).json()["items"]) == 1


@pytest.mark.parametrize(
    "other",
    [
        _file(b"other body"),
        {"data": {"title": "U"}, "files": {"file": ("x.txt", b"body", "text/plain")}},
        {"data": {"title": "T"}, "files": {"file": ("y.txt", b"body", "text/plain")}},
        {"json": {"text": "body", "title": "T"}},
    ],
)
async def test_another_body_under_the_same_key_is_refused(world: World, other: dict[str, Any]) -> None:
    await world.post("/v1/documents", idem="k1", **_file(b"body"))
    response = await world.post("/v1/documents", idem="k1", **other)
    assert (response.status_code, response.json()["code"]) == (409, "idempotency_key_reused")
    assert len((await world.get("/v1/documents")).json()["items"]) == 1


async def test_the_same_key_on_another_route_is_refused(world: World) -> None:
    await world.post("/v1/query", idem="k1", json={"question": "Why?"})
    response = await world.post("/v1/search", idem="k1", json={"question": "Why?"})
    assert response.json()["code"] == "idempotency_key_reused"


async def test_a_key_belongs_to_one_principal(world: World) -> None:
    first = (await world.post("/v1/documents", world.writer, idem="k1", **_file(b"body"))).json()
    other = (await world.post("/v1/documents", world.admin, idem="k1", **_file(b"body"))).json()
    foreign = (await world.post("/v1/documents", world.foreign_admin, idem="k1", **_file(b"body"))).json()
    assert len({receipt["document_id"] for receipt in (first, other, foreign)}) == 3


async def test_a_failed_request_frees_its_key(world: World) -> None:
    empty = await world.post("/v1/documents", idem="k1", **_file(b""))
    assert empty.json()["code"] == "empty_document"
    assert (await world.post("/v1/documents", idem="k1", **_file(b"body"))).status_code == 202


async def test_a_request_still_served_is_not_repeated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(*given: Any) -> AskedMemo:
        entered.set()
        await leave.wait()
        return await store(*given)

    monkeypatch.setattr(recalling, "store", slow)
    first = asyncio.create_task(world.post("/v1/query", idem="k1", json={"question": "Why?"}))
    await entered.wait()
    response = await world.post("/v1/query", idem="k1", json={"question": "Why?"})
    assert (response.status_code, response.json()["code"]) == (409, "idempotency_in_flight")
    assert int(response.headers["retry-after"]) > 0
    leave.set()
    done = (await first).json()
    assert (await world.post("/v1/query", idem="k1", json={"question": "Why?"})).json()["id"] == done["id"]


async def test_a_question_that_is_being_answered_is_joined(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, leave = list[QuestionRef](), asyncio.Event()
    answer = type(world.workflows).answer

    async def slow(self: object, ref: QuestionRef) -> AnswerOutcome:
        entered.append(ref)
        await leave.wait()
        return await answer(world.workflows, ref)

    monkeypatch.setattr(type(world.workflows), "answer", slow)
    async with asyncio.timeout(20):
        both = [asyncio.create_task(world.post("/v1/query", idem="k1", json={"question": "Why?"}))]
        while not entered:
            await asyncio.sleep(0.01)
        both.append(asyncio.create_task(world.post("/v1/query", idem="k1", json={"question": "Why?"})))
        while world.services.questions.running < 2:
            await asyncio.sleep(0.01)
        leave.set()
        first, second = [(await each).json() for each in both]
    assert [first["id"]] == [second["id"]] == [ref.question_id for ref in entered]


async def test_a_key_used_again_after_its_time_leaves_nothing_of_the_first_response(world: World) -> None:
    await world.post("/v1/query", idem="k1", json={"question": "Why?"})
    async with world.services.ledger.read() as uow:
        (old,) = await uow.idempotency.expired(world.clock.now(), 10)
    world.clock.advance(timedelta(hours=world.services.settings.limits.idempotency_hours, seconds=1))
    assert (await world.post("/v1/query", idem="k1", json={"question": "When?"})).status_code == 200
    async with world.services.ledger.read() as uow:
        (new,) = await uow.idempotency.expired(world.clock.now(), 10)
    assert set(await world.services.keyring.get_many(world.tenant_id, {old.key_id, new.key_id})) == {new.key_id}


async def test_an_effect_keeps_its_key_whatever_fails_afterwards(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender hangs up, or the process stops, while the workflow is being started."""
    start, entered = type(world.workflows).start, asyncio.Event()

    async def stuck(*_: object) -> None:
        entered.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(type(world.workflows), "start", stuck)
    hung_up = asyncio.create_task(world.post("/v1/documents", idem="k1", **_file(b"body")))
    await entered.wait()
    hung_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hung_up
    monkeypatch.setattr(type(world.workflows), "start", start)
    repeated = await world.post("/v1/documents", idem="k1", **_file(b"body"))
    assert (repeated.status_code, repeated.headers["idempotent-replayed"]) == (202, "true")
    listed = (await world.get("/v1/documents")).json()["items"]
    assert [item["id"] for item in listed] == [repeated.json()["document_id"]]


async def test_the_time_for_an_upload_ends_with_the_upload(api_settings: Settings) -> None:
    limits = api_settings.limits.model_copy(update={"upload_seconds": 3.0})
    async with open_world(api_settings.model_copy(update={"limits": limits})) as world:
        start = type(world.workflows).start

        async def slow(self: InProcessWorkflows, dispatch: Dispatch) -> None:
            await asyncio.sleep(3.3)
            await start(self, dispatch)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(world.workflows), "start", slow)
            assert (await world.post("/v1/documents", idem="k1", **_file(b"body"))).status_code == 202


async def test_a_key_is_forgotten_after_a_day(world: World) -> None:
    first = (await world.post("/v1/documents", idem="k1", **_file(b"body"))).json()
    world.clock.advance(timedelta(hours=25))
    second = (await world.post("/v1/documents", idem="k1", **_file(b"body"))).json()
    assert first["document_id"] != second["document_id"]


async def test_a_new_keys_secret_is_shown_once_and_kept_nowhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []

    def watched(key: bytes, purpose: Purpose, clear: bytes) -> bytes:
        kept.append(clear)
        return seal(key, purpose, clear)

    monkeypatch.setattr("api.idempotency.seal", watched)
    one = await world.post("/v1/keys", idem="k1", json={"role": "reader"})
    other = await world.post("/v1/keys", idem="k1", json={"role": "reader"})
    assert (one.status_code, other.status_code, other.headers["idempotent-replayed"]) == (201, 201, "true")
    first, second = one.json(), other.json()
    assert second == first | {"secret": None}
    assert len(kept) == 1
    assert first["secret"].encode() not in kept[0]
    assert (await world.get("/v1/documents", first["secret"])).status_code == 200
    async with world.services.ledger.read() as uow:
        assert len(await uow.api_keys.list(world.tenant_id)) == 4


async def test_a_replayed_answer_holds_nothing_that_was_withdrawn_meanwhile(world: World) -> None:
    river = passage("Lethe is a river of the underworld.")
    world.search.passages = [river]
    ask = {"question": "Which river is Lethe?"}
    for path in ("/v1/query", "/v1/search"):
        first = await world.post(path, idem=f"k{path}", json=ask)
        assert "underworld" in first.text
    world.search.withdrawn.add(river.chunk_id)
    for path in ("/v1/query", "/v1/search"):
        replay = await world.post(path, idem=f"k{path}", json=ask)
        assert replay.status_code == 200
        assert "underworld" not in replay.text


async def test_nothing_clear_is_kept(world: World) -> None:
    world.search.passages = [passage("Lethe is a river of the underworld.")]
    await world.post("/v1/query", idem="secret-key-name", json={"question": "Which river is Lethe?"})
    made = (await world.post("/v1/keys", idem="secret-key-name-2", json={"role": "reader"})).json()
    files = [path for path in world.services.settings.state.rglob("*") if path.is_file()]
    stored = b"".join(path.read_bytes() for path in files)
    assert len(stored) > 100_000
    for canary in ("secret-key-name", made["secret"], "Which river", "underworld"):
        assert canary.encode() not in stored
