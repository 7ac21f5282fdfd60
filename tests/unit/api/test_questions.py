"""Search, questions, and the ladder down to passages (P9)."""

import asyncio
from dataclasses import replace

import pytest

from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import (
    DeadlineExceeded,
    IndexUnavailable,
    LedgerConflict,
    LedgerUnavailable,
    LetheError,
    WorkflowsUnavailable,
)
from lethe.model.conditions import HasAny
from lethe.model.ids import new_id
from lethe.ports.search import Passage
from tests.statements import counting
from tests.unit.api.world import InProcessWorkflows, World


def passage(text: str) -> Passage:
    return Passage(
        chunk_id=new_id(),
        version_id=new_id(),
        document_id=new_id(),
        ordinal=0,
        score=0.9,
        text=text,
        section="Rivers > Greek",
        title="Rivers",
        source_uri="notes:rivers",
        language="en",
        text_hmac="0" * 64,
        start=0,
        end=len(text),
        page=2,
    )


ASK = {"question": "Which river is Lethe?"}


async def test_an_answer_is_cited(world: World) -> None:
    river = passage("Lethe is a river of the underworld.")
    world.search.passages = [river]
    response = await world.post("/v1/query", world.reader, json=ASK)
    answer = response.json()
    assert response.status_code == 200
    assert answer["answer_mode"] == "extractive"
    assert answer["answer"] == "Lethe is a river of the underworld. [1]"
    cited = answer["citations"][0]
    assert (cited["number"], cited["chunk_id"], cited["place"]) == (1, river.chunk_id, "page 2, Rivers > Greek")
    assert cited["quotes"] == [river.text]
    assert answer["provenance"]["model"] == "extractive"
    assert answer["is_degraded"] == bool(answer["degraded_reasons"])
    shown = (await world.get(f"/v1/queries/{answer['id']}", world.reader)).json()
    del shown["retrieval"]
    assert shown == answer


async def test_what_may_be_out_of_date_says_so(world: World) -> None:
    world.search.passages = [replace(passage("Lethe is a river of the underworld."), is_overdue=True)]
    answer = (await world.post("/v1/query", world.reader, json=ASK)).json()
    assert [citation["is_overdue"] for citation in answer["citations"]] == [True]
    assert answer["provenance"]["overdue_citations"] == [1]
    (found,) = (await world.post("/v1/search", world.reader, json=ASK)).json()["items"]
    assert found["is_overdue"]
    world.search.passages = [replace(world.search.passages[0], is_overdue=False)]
    shown = (await world.get(f"/v1/queries/{answer['id']}", world.reader)).json()
    assert (shown["citations"][0]["is_overdue"], shown["provenance"]["overdue_citations"]) == (False, [])


async def test_how_an_answer_was_come_by_is_shown_as_far_as_rights_go(world: World) -> None:
    river, other = passage("Lethe is a river of the underworld."), passage("Bread is baked from flour.")
    world.search.passages = [river, other]
    question_id = (await world.post("/v1/query", json=ASK)).json()["id"]
    retrieval = (await world.get(f"/v1/queries/{question_id}")).json()["retrieval"]
    assert retrieval["queries"] == [ASK["question"]]
    assert [(each["chunk_id"], each["is_cited"]) for each in retrieval["candidates"]] == [
        (river.chunk_id, True),
        (other.chunk_id, False),
    ]
    assert (retrieval["candidates"][0]["fused"], retrieval["candidates"][0]["reranked"]) == (0.9, None)
    world.search.withdrawn.add(other.chunk_id)
    retrieval = (await world.get(f"/v1/queries/{question_id}")).json()["retrieval"]
    assert [each["chunk_id"] for each in retrieval["candidates"]] == [river.chunk_id]
    world.workflows.fails_with = WorkflowsUnavailable()
    question_id = (await world.post("/v1/query", json=ASK)).json()["id"]
    assert (await world.get(f"/v1/queries/{question_id}")).json()["retrieval"] is None


async def test_no_answer(world: World) -> None:
    answer = (await world.post("/v1/query", json=ASK)).json()
    assert (answer["answer_mode"], answer["answer"], answer["citations"]) == ("no_answer", "", [])


async def test_a_search(world: World) -> None:
    world.search.passages = [passage(f"Text {number}.") for number in range(9)]
    found = (await world.post("/v1/search", json=ASK | {"top_k": 3, "alpha": 0, "filters": {"year": 2026}})).json()
    assert [item["text"] for item in found["items"]] == ["Text 0.", "Text 1.", "Text 2."]
    assert (found["is_degraded"], found["degraded_reasons"]) == (False, [])
    request = world.search.requests[-1]
    assert (request.alpha, request.attributes) == (0.0, HasAny(("year=2026",)))
    assert request.tenant_id == world.tenant_id
    assert world.tenant_id in request.readers
    assert request.rerank
    assert len((await world.post("/v1/search", json=ASK)).json()["items"]) == 5


async def test_a_search_takes_more_passages_than_an_answer(world: World) -> None:
    world.search.passages = [passage(f"Text {number}.") for number in range(220)]
    found = await world.post("/v1/search", json=ASK | {"top_k": 200, "rerank": False})
    assert len(found.json()["items"]) == 200
    assert (world.search.requests[-1].rerank, world.search.requests[-1].alpha) == (False, None)
    assert (await world.post("/v1/search", json=ASK | {"top_k": 201})).status_code == 422
    assert (await world.post("/v1/query", json=ASK | {"top_k": 51})).status_code == 422


@pytest.mark.parametrize(
    ("away", "reason"),
    [
        (WorkflowsUnavailable(), "workflows_down"),
        (DeadlineExceeded(), "deadline_passed"),
        (LedgerUnavailable(), "ledger_read_only"),
        (LedgerConflict(), "step_failed"),
        (LetheError(), "step_failed"),
    ],
)
async def test_where_no_step_answers_the_passages_do(world: World, away: LetheError, reason: str) -> None:
    river = passage("Lethe is a river of the underworld.")
    world.search.passages = [river]
    world.workflows.fails_with = away
    response = await world.post("/v1/query", json=ASK)
    answer = response.json()
    assert response.status_code == 200
    assert (answer["answer_mode"], answer["answer"]) == ("passages", "")
    assert (answer["is_degraded"], answer["degraded_reasons"]) == (True, [reason])
    assert [(cited["number"], cited["text"]) for cited in answer["citations"]] == [(1, river.text)]
    assert (await world.get(f"/v1/queries/{answer['id']}")).json()["answer_mode"] is None


async def test_a_read_only_ledger_still_gives_passages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.search.passages = [passage("Lethe is a river.")]

    def refused(_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(type(world.services.ledger), "write", refused)
    answer = (await world.post("/v1/query", json=ASK)).json()
    assert (answer["id"], answer["answer_mode"]) == (None, "passages")
    assert answer["degraded_reasons"] == ["ledger_read_only"]
    assert len(answer["citations"]) == 1


async def test_sql_away_serves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> None:
        raise LedgerUnavailable

    async def find(*_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(type(world.services.ledger), "write", away)
    monkeypatch.setattr(type(world.search), "find", find)
    response = await world.post("/v1/query", json=ASK)
    assert (response.status_code, response.json()["code"]) == (503, "ledger_unavailable")
    assert response.headers["retry-after"]


async def test_no_store_to_search_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def find(*_: object) -> None:
        raise IndexUnavailable

    monkeypatch.setattr(type(world.search), "find", find)
    response = await world.post("/v1/search", json=ASK)
    assert (response.status_code, response.json()["code"]) == (503, "index_unavailable")


async def test_more_questions_than_allowed_are_told_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    leave = asyncio.Event()
    answer = type(world.workflows).answer

    entered = 0

    async def slow(self: object, ref: object) -> object:
        nonlocal entered
        entered += 1
        await leave.wait()
        return await answer(world.workflows, ref)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(type(world.workflows), "answer", slow)
    running = [asyncio.create_task(world.post("/v1/query", json=ASK)) for _ in range(2)]
    while entered < 2:
        await asyncio.sleep(0.01)
    refused = await world.post("/v1/query", json=ASK)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) >= 1
    # It costs no look into the ledger, for a key that was good before; no other key is told how busy it is.
    with counting() as counted:
        assert (await world.post("/v1/query", json=ASK)).status_code == 429
    assert counted.units == 0
    assert (await world.post("/v1/query", json=ASK, headers={"X-API-Key": "lethe_wrong"})).status_code == 401
    # A search is not a question in flight.
    assert (await world.post("/v1/search", json=ASK)).status_code == 200
    leave.set()
    assert [(await task).status_code for task in running] == [200, 200]
    assert (await world.post("/v1/query", json=ASK)).status_code == 200


async def test_a_question_of_exactly_the_limit_is_taken(world: World) -> None:
    assert (await world.post("/v1/query", json={"question": "x" * 1000})).status_code == 200


async def test_a_ledger_that_takes_no_more_writes_gives_the_passages_of_a_stored_question(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.search.passages = [passage("Lethe is a river.")]
    answer = type(world.workflows).answer

    def refused(_: object) -> None:
        raise LedgerUnavailable

    async def answer_late(self: InProcessWorkflows, ref: QuestionRef) -> AnswerOutcome:
        monkeypatch.setattr(type(world.services.ledger), "write", refused)
        return await answer(self, ref)

    monkeypatch.setattr(type(world.workflows), "answer", answer_late)
    response = await world.post("/v1/query", json=ASK)
    assert response.status_code == 200
    shown = response.json()
    assert (shown["answer_mode"], shown["degraded_reasons"]) == ("passages", ["ledger_read_only"])
    assert shown["id"]
    assert len(shown["citations"]) == 1
