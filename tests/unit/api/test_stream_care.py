"""Streams of answers: withdrawn sources, readers that hang up, and a bus that is gone."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from api.streaming import KEEP_ALIVE
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import KeyDestroyed, LetheError, QuestionNotFound, StreamUnavailable
from lethe.model.ids import Id, new_id
from lethe.model.principals import Role
from lethe.ports.tokens import TokenKind
from tests.events import Event, events_of, kinds, text_of
from tests.unit.api.streams import RIVER, STREAM, WHOLE, asked, followed, reader, waiting_question
from tests.unit.api.test_questions import ASK, passage
from tests.unit.api.world import World


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


async def test_another_key_of_the_principal_hears_only_what_its_own_groups_may_read(world: World) -> None:
    """The tenant's clock stands still meanwhile."""
    river, group, principal_id = passage(RIVER), new_id(), new_id()
    world.search.passages = [river]
    world.search.only_for[river.chunk_id] = group
    wide = await world.key(world.tenant_id, Role.READER, groups=frozenset({group}), principal_id=principal_id)
    narrow = await world.key(world.tenant_id, Role.READER, principal_id=principal_id)
    first = await world.post("/v1/query", wide, headers=STREAM, json=ASK, idem="one")
    assert kinds(events_of(first.text)) == WHOLE
    path = first.headers["content-location"]
    again = await world.client.get(path, headers={"X-API-Key": wide, **STREAM})
    assert events_of(again.text) == events_of(first.text)
    followed = await world.client.get(path, headers={"X-API-Key": narrow, **STREAM})
    repeated = await world.post("/v1/query", narrow, headers=STREAM, json=ASK, idem="one")
    for response in (followed, repeated):
        assert kinds(events_of(response.text)) == ["withdrawn", "done"]
        assert RIVER not in response.text


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


@pytest.mark.parametrize("failure", [QuestionNotFound(), KeyDestroyed()])
async def test_an_answer_that_fails_at_once_is_a_problem(world: World, failure: LetheError) -> None:
    world.workflows.fails_with = failure
    response = await world.post("/v1/query", headers=STREAM, json=ASK)
    assert (response.status_code, response.json()["code"]) == (failure.status, failure.code)


async def test_letters_at_which_some_readers_end_a_line_do_not_end_it(world: World) -> None:
    river = replace(passage(RIVER), title="Rivers\u2028of\u2029Greece\x85")
    world.search.passages = [river]
    response = await world.post("/v1/query", headers=STREAM, json=ASK)
    assert len(response.text.splitlines()) == len(response.text.split("\n")) - 1
    events = events_of(response.text)
    assert events[-1].data["citations"][0]["title"] == river.title


async def test_a_letter_may_come_in_halves(world: World) -> None:
    memo = await waiting_question(world)
    assert memo.question_id
    tokens = world.services.answering.tokens
    for half in ("\ud83c", "\udf0a"):
        await tokens.publish(memo.question_id, TokenKind.TOKEN, {"text": half})
    await tokens.publish(memo.question_id, TokenKind.DONE, {"answer_id": memo.question_id, "mode": "passages"})
    texts = [text async for text in (await reader(world, memo.question_id)).events()]
    said = text_of(events_of("".join(texts)))
    assert said.encode("utf-16", "surrogatepass").decode("utf-16") == "\U0001f30a"
