"""Answers as server-sent events: order, resuming, falling back, and what goes wrong."""

from dataclasses import replace

import pytest

from lethe.errors import LedgerUnavailable, WorkflowsUnavailable
from lethe.ports.tokens import TokenKind
from tests.events import events_of, kinds, text_of
from tests.unit.api.streams import RIVER, STREAM, WHOLE, asked, followed, reader, waiting_question
from tests.unit.api.test_questions import ASK, passage
from tests.unit.api.world import World


async def test_an_extract_streams_and_ends_with_the_answer_itself(world: World) -> None:
    river = passage(RIVER)
    world.search.passages = [river]
    response = await world.post("/v1/query", headers=STREAM, json=ASK)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (response.headers["cache-control"], response.headers["x-accel-buffering"]) == ("no-store", "no")
    events = events_of(response.text)
    assert kinds(events) == WHOLE
    assert [event.id for event in events] == sorted({event.id for event in events})
    assert (events[0].data["chunk_id"], events[0].data["is_overdue"]) == (river.chunk_id, False)
    assert text_of(events) == f"{RIVER} [1]"
    done = events[-1].data
    assert (done["answer"], done["answer_mode"]) == (f"{RIVER} [1]", "extractive")
    assert response.headers["content-location"] == f"/v1/queries/{done['id']}"
    shown = (await world.get(f"/v1/queries/{done['id']}")).json()
    assert shown.pop("retrieval")["queries"] == [ASK["question"]]
    assert shown == done


async def test_a_citation_says_that_it_may_be_out_of_date(world: World) -> None:
    world.search.passages = [replace(passage(RIVER), is_overdue=True)]
    for _ in range(2):  # the second time it is an answer that was there before
        events = await asked(world)
        assert events[0].kind == "citation"
        assert events[0].data["is_overdue"]
        assert [citation["is_overdue"] for citation in events[-1].data["citations"]] == [True]


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
    told = events_of("".join(elsewhere))[0].data
    assert (told["answer_mode"], told["degraded_reasons"]) == ("passages", ["workflows_down"])
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
