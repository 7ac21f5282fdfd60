"""Answers as server-sent events: order, resuming, falling back, withdrawn sources, and how streams end."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from api.asking import AskedMemo, guarded, store, stored
from api.schemas.questions import AskIn
from api.streaming import KEEP_ALIVE, AnswerStream
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import LedgerUnavailable, LetheError, StreamUnavailable, WorkflowsUnavailable
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.ports.tokens import TokenKind
from lethe.privacy.credentials import secret_digest
from tests.events import Event, events_of, kinds, text_of
from tests.unit.api.test_questions import ASK, passage
from tests.unit.api.world import World

RIVER = "Lethe is a river of the underworld."
STREAM = {"Accept": "text/event-stream"}
WHOLE = ["citation", "token", "done"]


async def asked(world: World, **options: Any) -> list[Event]:
    response = await world.post("/v1/query", headers=STREAM, json=ASK, **options)
    assert response.status_code == 200
    return events_of(response.text)


async def followed(world: World, question_id: str, after: int | None = None) -> list[Event]:
    headers = {"X-API-Key": world.admin, **STREAM} | ({} if after is None else {"Last-Event-ID": str(after)})
    response = await world.client.get(f"/v1/queries/{question_id}", headers=headers)
    assert response.status_code == 200
    return events_of(response.text)


async def caller_of(world: World) -> Caller:
    async with world.services.ledger.read() as uow:
        key = await uow.api_keys.by_secret(secret_digest(world.admin))
    assert key
    return Caller(key.tenant_id, key.principal_id, key.role, key.groups)


async def reader(world: World, question_id: Id, after: int = 0) -> AnswerStream:
    """As of another process than the one that waits for the answer."""
    caller = await caller_of(world)
    memo, request = await stored(world.services, caller, question_id)
    return AnswerStream(world.services, caller, request, memo, after)


async def waiting_question(world: World) -> AskedMemo:
    """A stored question that nobody answers yet."""
    return await store(world.services, await caller_of(world), guarded(world.services, AskIn(question="Which river?")))


async def test_an_extract_streams_and_ends_with_the_answer_itself(world: World) -> None:
    river = passage(RIVER)
    world.search.passages = [river]
    response = await world.post("/v1/query", headers=STREAM, json=ASK)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (response.headers["cache-control"], response.headers["x-accel-buffering"]) == ("no-store", "no")
    events = events_of(response.text)
    assert kinds(events) == WHOLE
    assert [event.id for event in events] == sorted({event.id for event in events})
    assert events[0].data["chunk_id"] == river.chunk_id
    assert text_of(events) == f"{RIVER} [1]"
    done = events[-1].data
    assert (done["answer"], done["answer_mode"]) == (f"{RIVER} [1]", "extractive")
    assert response.headers["content-location"] == f"/v1/queries/{done['id']}"
    shown = (await world.get(f"/v1/queries/{done['id']}")).json()
    assert shown.pop("retrieval")["queries"] == [ASK["question"]]
    assert shown == done


@pytest.mark.parametrize(
    ("accept", "wish", "is_stream"),
    [
        ("*/*", None, False),
        ("application/json", None, False),
        ("text/event-stream", None, True),
        ("application/json, Text/Event-Stream;q=0.9", None, True),
        ("application/json", True, True),
        ("text/event-stream", False, False),
    ],
)
async def test_a_stream_is_what_the_sender_asks_for(world: World, accept: str, wish: bool | None, is_stream: bool):
    body = ASK | ({} if wish is None else {"stream": wish})
    response = await world.post("/v1/query", headers={"Accept": accept}, json=body)
    assert response.headers["content-type"].startswith("text/event-stream" if is_stream else "application/json")


async def test_a_stream_is_taken_up_after_any_event(world: World) -> None:
    world.search.passages = [passage(RIVER), passage("The Lethe is a river that forgets."), passage("Which river?")]
    events = await asked(world)
    question_id = events[-1].data["id"]
    assert await followed(world, question_id) == events
    for position, event in enumerate(events[:-1]):
        assert await followed(world, question_id, event.id) == events[position + 1 :]
    headers = {"X-API-Key": world.admin, **STREAM, "Last-Event-ID": str(events[-1].id)}
    over = await world.client.get(f"/v1/queries/{question_id}", headers=headers)
    assert (over.status_code, over.content) == (204, b"")


@pytest.mark.parametrize("nonsense", ["", "x", "-1", "1e3", "9" * 40, "²"])
async def test_an_id_no_event_had_is_the_beginning(world: World, nonsense: str) -> None:
    world.search.passages = [passage(RIVER)]
    events = await asked(world)
    headers = [
        (b"X-API-Key", world.admin.encode()),
        (b"Accept", b"text/event-stream"),
        (b"Last-Event-ID", nonsense.encode()),
    ]
    response = await world.client.get(f"/v1/queries/{events[-1].data['id']}", headers=headers)
    assert events_of(response.text) == events


async def test_nobody_elses_stream_is_there(world: World) -> None:
    world.search.passages = [passage(RIVER)]
    question_id = (await asked(world))[-1].data["id"]
    for key in (world.reader, world.foreign_admin):
        response = await world.client.get(f"/v1/queries/{question_id}", headers={"X-API-Key": key, **STREAM})
        assert (response.status_code, response.json()["code"]) == (404, "question_not_found")


async def test_the_same_key_joins_the_stream_of_the_first_sending(world: World) -> None:
    world.search.passages = [passage(RIVER)]
    first = await asked(world, idem="one")
    again = await world.post("/v1/query", headers=STREAM, json=ASK, idem="one")
    assert again.headers["idempotent-replayed"] == "true"
    assert events_of(again.text) == first
    # Asked for in one piece it is the same answer; another question under the key is refused before any event.
    whole = await world.post("/v1/query", json=ASK, idem="one")
    assert whole.json() == first[-1].data
    other = await world.post("/v1/query", headers=STREAM, json={"question": "Another?"}, idem="one")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert other.headers["content-type"] == "application/problem+json"


async def test_without_temporal_the_stream_is_the_passages(world: World) -> None:
    world.search.passages = [passage(RIVER)]
    world.workflows.fails_with = WorkflowsUnavailable()
    events = await asked(world, idem="fallen")
    assert kinds(events) == ["done"]
    done = events[0].data
    assert (done["answer_mode"], done["degraded_reasons"]) == ("passages", ["workflows_down"])
    # At another process, too.
    elsewhere = [text async for text in (await reader(world, done["id"])).events()]
    assert events_of("".join(elsewhere))[0].data["answer_mode"] == "passages"
    # With Temporal back the same question gets its answer.
    world.workflows.fails_with = None
    assert (await asked(world, idem="fallen"))[-1].data["answer_mode"] == "extractive"


async def test_a_ledger_that_takes_no_writes_streams_the_passages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.search.passages = [passage(RIVER)]

    def refused(_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(type(world.services.ledger), "write", refused)
    for options in ({}, {"idem": "kept"}):
        events = await asked(world, **options)
        assert kinds(events) == ["done"]
        assert events[0].data["degraded_reasons"] == ["ledger_read_only"]


async def test_what_goes_wrong_before_the_first_event_is_a_problem(world: World) -> None:
    for body in ({"question": ""}, {"question": "x" * 1001}, {"question": "?", "unknown": 1}):
        response = await world.post("/v1/query", headers=STREAM, json=body)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"


async def test_what_goes_wrong_later_is_an_event_with_the_same_code(world: World) -> None:
    memo = await waiting_question(world)
    assert memo.question_id
    tokens = world.services.answering.tokens
    await tokens.publish(memo.question_id, TokenKind.TOKEN, {"text": "Half an ans"})
    await tokens.publish(memo.question_id, TokenKind.ERROR, {"code": "index_unavailable"})
    texts = [text async for text in (await reader(world, memo.question_id)).events()]
    events = events_of("".join(texts))
    assert [(event.id, event.kind) for event in events] == [(1, "token"), (2, "error")]
    assert events[1].data["code"] == "index_unavailable"
    assert events[1].data["type"].endswith("/index_unavailable")


async def test_an_attempt_that_is_repeated_resets_the_reader(world: World) -> None:
    memo = await waiting_question(world)
    assert memo.question_id
    tokens = world.services.answering.tokens
    for kind, data in (
        (TokenKind.TOKEN, {"text": "Wro"}),
        (TokenKind.RESET, {"reason": "provider_down"}),
        (TokenKind.TOKEN, {"text": "Right"}),
        (TokenKind.DONE, {"answer_id": memo.question_id, "mode": "passages"}),
    ):
        await tokens.publish(memo.question_id, kind, data)
    events = events_of("".join([text async for text in (await reader(world, memo.question_id)).events()]))
    assert kinds(events) == ["token", "reset", "token", "done"]
    assert text_of(events) == "Right"


async def test_a_withdrawn_source_silences_the_stream_at_once(world: World) -> None:
    river = passage(RIVER)
    world.search.passages = [river]
    memo = await waiting_question(world)
    assert memo.question_id
    tokens = world.services.answering.tokens
    await tokens.publish(memo.question_id, TokenKind.SOURCES, {"chunk_ids": [river.chunk_id]})
    citation = {"number": 1, "chunk_id": river.chunk_id}
    await tokens.publish(memo.question_id, TokenKind.CITATION, citation)
    await tokens.publish(memo.question_id, TokenKind.TOKEN, {"text": "Lethe is"})
    heard: list[Event] = []
    async with asyncio.timeout(20), aclosing((await reader(world, memo.question_id)).events()) as texts:
        async for text in texts:
            heard += events_of(text)
            if heard[-1].kind == "token":
                await withdraw(world, river.chunk_id)
            if heard[-1].kind == "withdrawn":
                await tokens.publish(memo.question_id, TokenKind.TOKEN, {"text": " a secret"})
                done = {"answer_id": memo.question_id, "mode": "passages"}
                await tokens.publish(memo.question_id, TokenKind.DONE, done)
    assert kinds(heard) == ["citation", "token", "withdrawn", "done"]
    assert heard[2].data == {"number": 1}
    # Whoever takes the stream up now is not told either what the source said.
    again = [text async for text in (await reader(world, memo.question_id)).events()]
    assert kinds(events_of("".join(again))) == ["withdrawn", "done"]


async def withdraw(world: World, chunk_id: Id) -> None:
    """As a deletion does: the clock moves with it."""
    world.search.withdrawn.add(chunk_id)
    async with world.services.ledger.write() as uow:
        await uow.tenants.advance(world.tenant_id)


async def test_a_clock_that_moves_for_something_else_silences_nothing(world: World) -> None:
    river = passage(RIVER)
    world.search.passages = [river]
    memo = await waiting_question(world)
    assert memo.question_id
    await withdraw(world, "another")
    tokens = world.services.answering.tokens
    await tokens.publish(memo.question_id, TokenKind.SOURCES, {"chunk_ids": [river.chunk_id]})
    await tokens.publish(memo.question_id, TokenKind.TOKEN, {"text": "Lethe"})
    await tokens.publish(memo.question_id, TokenKind.DONE, {"answer_id": memo.question_id, "mode": "passages"})
    texts = [text async for text in (await reader(world, memo.question_id)).events()]
    assert kinds(events_of("".join(texts))) == ["token", "done"]


async def test_the_answer_goes_on_when_its_reader_hangs_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.search.passages = [passage(RIVER)]
    entered, leave = asyncio.Event(), asyncio.Event()
    answer = type(world.workflows).answer

    async def slow(self: object, ref: QuestionRef) -> AnswerOutcome:
        entered.set()
        await leave.wait()
        return await answer(world.workflows, ref)

    monkeypatch.setattr(type(world.workflows), "answer", slow)
    asking = asyncio.create_task(world.post("/v1/query", headers=STREAM, json=ASK, idem="left"))
    await entered.wait()
    asking.cancel()
    await asyncio.wait({asking})
    leave.set()
    async with asyncio.timeout(20):
        while not world.services.running.is_idle:
            await asyncio.sleep(0.01)
    events = await asked(world, idem="left")
    assert events[-1].data["answer_mode"] == "extractive"
    assert len(world.search.requests) == 1


async def test_a_silent_stream_says_that_it_is_there(world: World) -> None:
    settings = world.services.settings
    quick = settings.model_copy(update={"api": settings.api.model_copy(update={"keep_alive_seconds": 0.3})})
    memo = await waiting_question(world)
    assert memo.question_id
    stream = await reader(world, memo.question_id)
    stream.services = replace(stream.services, settings=quick)
    async with asyncio.timeout(20), aclosing(stream.events()) as texts:
        assert [await anext(texts) for _ in range(2)] == [KEEP_ALIVE] * 2


async def test_a_bus_that_is_gone_leaves_the_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object) -> Any:
        raise StreamUnavailable
        yield

    world.search.passages = [passage(RIVER)]
    monkeypatch.setattr(type(world.services.answering.tokens), "follow", gone)
    events = await asked(world)
    assert kinds(events) == ["done"]
    assert events[0].data["answer"] == f"{RIVER} [1]"
    elsewhere = await followed(world, events[0].data["id"])
    assert elsewhere == events


async def test_more_readers_than_allowed_are_told_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.services.streams, "_limit", 1)
    memo = await waiting_question(world)
    assert memo.question_id
    tokens = world.services.answering.tokens
    await tokens.publish(memo.question_id, TokenKind.TOKEN, {"text": "a"})
    async with aclosing((await reader(world, memo.question_id)).events()) as texts:
        await anext(texts)
        refused = await world.client.get(
            f"/v1/queries/{memo.question_id}", headers={"X-API-Key": world.admin, **STREAM}
        )
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    await tokens.publish(memo.question_id, TokenKind.DONE, {"answer_id": memo.question_id, "mode": "passages"})
    assert kinds(await followed(world, memo.question_id)) == ["token", "done"]


@pytest.mark.parametrize("failure", [LedgerUnavailable(), LetheError()])
async def test_an_answer_that_fails_at_once_is_a_problem(world: World, failure: LetheError) -> None:
    world.workflows.fails_with = failure
    response = await world.post("/v1/query", headers=STREAM, json=ASK)
    assert (response.status_code, response.json()["code"]) == (failure.status, failure.code)
