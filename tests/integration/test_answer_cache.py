"""Answers given again, over two API processes, real Temporal, Weaviate and SQL: right at once, whatever changes.

One of the processes has no Temporal, and needs none for them.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from lethe.model.ids import new_id
from tests.events import events_of
from tests.integration.installation import Installation
from tests.integration.test_api_process import ApiProcess, api
from tests.servers.ports import reserved_ports

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

TIDE = "The tide gauge of {place} is read at {hour} every morning."


@dataclass(frozen=True, slots=True)
class Pair:
    """``two`` has no Temporal: what it gives is an earlier answer, or passages."""

    one: ApiProcess
    two: ApiProcess

    async def tell(self, place: str, hour: str = "seven") -> tuple[str, str]:
        """A document of the place; what asks for it, and where the document is."""
        text = {"text": TIDE.format(place=place, hour=hour), "source_uri": f"file:///tides/{place}.txt"}
        response = await self.one.client.post("/v1/documents", json=text)
        assert response.status_code == 202
        assert (await self.one.ready(response.headers["location"]))["status"] == "ready"
        return f"When is the tide gauge of {place} read every morning?", response.headers["location"]

    async def kept(self, place: str) -> tuple[str, str]:
        """As ``tell``; the answer was given, and given again by both."""
        question, location = await self.tell(place)
        assert not is_again(await ask(self.one.client, question))
        for each in (self.two, self.one):
            assert is_again(await ask(each.client, question))
        return question, location


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(running: Installation) -> AsyncGenerator[Pair]:
    nowhere = f"127.0.0.1:{reserved_ports(1)[0]}"
    async with api(running.settings) as one, api(running.settings, LETHE_TEMPORAL__ADDRESS=nowhere) as two:
        while (await one.client.get("/v1/health")).json()["stores"]["temporal"] != "up":
            await asyncio.sleep(0.1)
        yield Pair(one, two)


async def ask(client: httpx.AsyncClient, question: str, **fields: object) -> dict[str, Any]:
    response = await client.post("/v1/query", json={"question": question} | fields)
    assert response.status_code == 200, response.text
    return response.json()


def is_again(answer: dict[str, Any]) -> bool:
    return answer["provenance"] is not None and answer["provenance"]["cached_at"] is not None


async def test_another_process_gives_the_answer_again_as_a_question_of_its_own(pair: Pair) -> None:
    question, _ = await pair.tell("Arendal")
    first = await ask(pair.one.client, question)
    again = await ask(pair.two.client, f"Please, {question.lower()}")
    assert (is_again(first), is_again(again)) == (False, True)
    assert again["id"] != first["id"]
    assert (again["answer"], again["citations"]) == (first["answer"], first["citations"])
    assert "seven" in again["answer"]
    shown = (await pair.one.client.get(f"/v1/queries/{again['id']}")).json()
    assert (shown["answer"], shown["provenance"]) == (again["answer"], again["provenance"])
    assert (again["is_degraded"], again["state"]) == (False, "answered")
    assert not is_again(await ask(pair.one.client, question, no_store=True))
    assert (await ask(pair.two.client, question, no_store=True))["degraded_reasons"] == ["workflows_down"]


async def test_an_update_is_answered_from_at_once(pair: Pair) -> None:
    question, _ = await pair.kept("Bergen")
    await pair.tell("Bergen", "eight")
    for each in (pair.two, pair.one):
        answer = await ask(each.client, question)
        assert "Bergen is read at eight" in str(answer["citations"])
        assert "Bergen is read at seven" not in str(answer)
    again = await ask(pair.two.client, question)
    assert is_again(again)
    assert "at eight" in again["answer"]


async def test_a_deletion_is_right_at_once(pair: Pair) -> None:
    question, location = await pair.kept("Drammen")
    assert (await pair.one.client.delete(location)).status_code == 202
    for each in (pair.two, pair.one):
        assert "Drammen" not in str((await ask(each.client, question))["citations"])


async def test_a_right_taken_away_is_right_at_once(pair: Pair) -> None:
    question, location = await pair.kept("Farsund")
    changed = await pair.one.client.patch(location, json={"readers": [new_id()]})
    assert changed.json()["outcome"] == "metadata_updated"
    for each in (pair.two, pair.one):
        assert "Farsund" not in str((await ask(each.client, question))["citations"])


async def test_a_quarantine_is_right_at_once_and_so_is_its_end(pair: Pair) -> None:
    question, location = await pair.kept("Grimstad")
    hide = {"document_id": location.rpartition("/")[2], "reason": "wrong"}
    quarantine = (await pair.one.client.post("/v1/quarantines", json=hide)).json()
    for each in (pair.two, pair.one):
        assert "Grimstad" not in str((await ask(each.client, question))["citations"])
    assert (await pair.one.client.delete(f"/v1/quarantines/{quarantine['id']}")).is_success
    assert "seven" in (await ask(pair.one.client, question))["answer"]


async def test_it_streams_as_an_answer_does(pair: Pair) -> None:
    question, _ = await pair.kept("Haugesund")
    response = await pair.two.client.post("/v1/query", json={"question": question, "stream": True})
    events = events_of(response.text)
    assert [event.kind for event in events] == ["citation", "token", "done"]
    assert "seven" in events[1].data["text"]
    assert is_again(events[2].data)


async def test_other_words_find_it_too_and_near_ones_do_not(pair: Pair) -> None:
    question, _ = await pair.kept("Levanger")
    again = await ask(pair.two.client, "At what time is the tide gauge of Levanger read every morning?")
    assert is_again(again)
    assert "seven" in again["answer"]
    shown = (await pair.one.client.get(f"/v1/queries/{again['id']}")).json()
    assert (shown["answer"], shown["retrieval"]) == (again["answer"], None)
    for near in (
        question.replace("morning", "evening"),
        question.replace("is", "isn't"),
        question.replace("When", "Why"),
    ):
        assert not is_again(await ask(pair.one.client, near))
