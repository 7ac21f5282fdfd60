"""Verdicts on answers: given by whoever asked, read by admins, counted by document and prompt version."""

import pytest

from lethe.model.ids import new_id
from lethe.model.principals import Role
from tests.unit.api.test_questions import ASK, passage
from tests.unit.api.world import World


async def answered(world: World, key: str | None = None) -> str:
    return (await world.post("/v1/query", key, json=ASK)).json()["id"]


async def test_a_verdict_is_kept_with_what_the_answer_was_made_from(world: World) -> None:
    river = passage("Lethe is a river of the underworld.")
    world.search.passages = [river]
    question_id = await answered(world, world.reader)
    given = await world.post(
        "/v1/feedback", world.reader, json={"query_id": question_id, "verdict": "down", "reason": "Not that river"}
    )
    assert given.status_code == 201
    kept = given.json()
    assert (kept["verdict"], kept["reason"], kept["model"]) == ("down", "Not that river", "extractive")
    assert kept["document_ids"] == [river.document_id]
    (listed,) = (await world.get("/v1/feedback")).json()["items"]
    assert listed == kept
    async with world.services.ledger.read() as uow:
        rated = await uow.feedback.get(world.tenant_id, question_id)
    assert rated
    assert rated.feedback.sealed_reason
    assert b"river" not in rated.feedback.sealed_reason


async def test_a_later_verdict_takes_the_place_of_an_earlier_one(world: World) -> None:
    question_id = await answered(world)
    for verdict in ("up", "down"):
        assert (await world.post("/v1/feedback", json={"query_id": question_id, "verdict": verdict})).status_code == 201
    assert [each["verdict"] for each in (await world.get("/v1/feedback")).json()["items"]] == ["down"]
    again = await world.post("/v1/feedback", idem="k", json={"query_id": question_id, "verdict": "up"})
    repeated = await world.post("/v1/feedback", idem="k", json={"query_id": question_id, "verdict": "up"})
    assert repeated.headers["idempotent-replayed"] == "true"
    assert repeated.json() == again.json()


async def test_nobody_judges_another_ones_answer(world: World) -> None:
    question_id = await answered(world)
    for key in (world.reader, world.foreign_admin):
        refused = await world.post("/v1/feedback", key, json={"query_id": question_id, "verdict": "up"})
        assert (refused.status_code, refused.json()["code"]) == (404, "question_not_found")
    missing = await world.post("/v1/feedback", json={"query_id": new_id(), "verdict": "up"})
    assert missing.status_code == 404
    for path in ("/v1/feedback", "/v1/feedback/summary?by=document"):
        assert (await world.get(path, world.reader)).status_code == 403
        assert (await world.get(path, world.foreign_admin)).json()["items"] == []


@pytest.mark.parametrize("wrong", [{"verdict": "meh"}, {"reason": ""}, {"reason": "x" * 1001}, {"reason": "\x00"}])
async def test_what_is_no_verdict_is_refused(world: World, wrong: dict[str, str]) -> None:
    body = {"query_id": new_id(), "verdict": "up"} | wrong
    assert (await world.post("/v1/feedback", json=body)).status_code == 422


async def test_verdicts_are_found_and_counted_by_document_and_prompt(world: World) -> None:
    first, second = passage("Lethe is a river of the underworld."), passage("Lethe is a river which forgets.")
    for passages, verdict in (([first], "down"), ([first], "up"), ([second], "up")):
        world.search.passages = list(passages)
        # Each of somebody else, so that nobody is given the answer of the one before.
        key = await world.key(world.tenant_id, Role.READER)
        question_id = await answered(world, key)
        assert (
            await world.post("/v1/feedback", key, json={"query_id": question_id, "verdict": verdict})
        ).status_code == 201
    by_document = (await world.get("/v1/feedback/summary?by=document")).json()["items"]
    assert by_document == [
        {"key": first.document_id, "up": 1, "down": 1},
        {"key": second.document_id, "up": 1, "down": 0},
    ]
    (by_prompt,) = (await world.get("/v1/feedback/summary?by=prompt_version")).json()["items"]
    assert (by_prompt["up"], by_prompt["down"]) == (2, 1)
    of_first = (await world.get(f"/v1/feedback?document_id={first.document_id}")).json()["items"]
    assert [each["verdict"] for each in of_first] == ["up", "down"]
    downs = (await world.get(f"/v1/feedback?document_id={first.document_id}&verdict=down")).json()["items"]
    assert [each["verdict"] for each in downs] == ["down"]
    assert (await world.get("/v1/feedback?prompt_version=none-such")).json()["items"] == []
    page = (await world.get("/v1/feedback?limit=2")).json()
    rest = (await world.get(f"/v1/feedback?limit=2&cursor={page['next_cursor']}")).json()
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    metrics = (await world.get("/metrics")).text
    assert "rag_thumbs_up_rate 0.66" in metrics


async def test_a_reason_goes_with_the_key_of_its_question(world: World) -> None:
    question_id = await answered(world)
    await world.post("/v1/feedback", json={"query_id": question_id, "verdict": "down", "reason": "Mine alone"})
    await world.services.keyring.destroy(world.tenant_id, [question_id])
    (listed,) = (await world.get("/v1/feedback")).json()["items"]
    assert (listed["verdict"], listed["reason"]) == ("down", None)
