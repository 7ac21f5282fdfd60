"""Probing the API for somebody while they are being erased: found before on every route, then never again."""

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx
import pytest
import pytest_asyncio

from lethe.privacy.erasure.needles import texts_of
from lethe.privacy.identifiers import SearchedText
from tests.integration.installation import Installation
from tests.integration.test_api_process import ApiProcess, api

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROBES: Final = int(os.environ.get("LETHE_TEST_FENCE_PROBES", "140"))
"""Requests while the fence stands; 2,000 for the full count."""
QUESTION: Final = "Who owes the ferry forty crowns?"
FREE: Final = (
    "# Ferry\n\nMARA  LIND owes the ferry forty crowns since the spring.\n",
    "# Ferry\n\nForty crowns for the ferry: reminder to Mara.Lind@Mail.Example was sent.\n",
)
LINKED: Final = "# Ferry\n\nThe debtor owes the ferry forty crowns and moved to Orlo.\n"
OTHERS: Final = "# Ferry\n\nJon Berg owes the ferry forty crowns as well.\n"
MARKS: Final = (("name", "mara lind"), ("email", "mara.lind@mail.example"), ("name", "moved to orlo"))
WISH: Final[dict[str, Any]] = {
    "identifiers": [{"kind": "email", "value": "mara.lind@mail.example"}, {"kind": "name", "value": "Mara Lind"}]
}


@dataclass(frozen=True, slots=True)
class Planted:
    """The API with what was planted; ``routes`` each showed the person before."""

    lethe: ApiProcess
    routes: tuple[tuple[str, str, dict[str, Any]], ...]

    async def ask(self, route: tuple[str, str, dict[str, Any]]) -> httpx.Response:
        method, path, body = route
        return await self.lethe.client.request(method, path, **body)


def shows(response: httpx.Response) -> bool:
    texts = [SearchedText.of(text) for text in texts_of(response.json())]
    return any(text.holds(kind, key) for text in texts for kind, key in MARKS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planted(free: Installation) -> AsyncGenerator[Planted]:
    async with free.worker(), api(free.settings) as lethe:
        client, locations = lethe.client, list[str]()
        for text in (*FREE, OTHERS):
            locations.append((await client.post("/v1/documents", json={"text": text})).headers["location"])
        subjects = [{"kind": "email", "value": "Mara.Lind@mail.example"}]
        linked = await client.post("/v1/documents", json={"text": LINKED, "subjects": subjects})
        locations.append(linked.headers["location"])
        for location in locations:
            assert (await lethe.ready(location))["status"] == "ready"
        ask: dict[str, Any] = {"json": {"question": QUESTION, "top_k": 10}}
        answer = (await client.post("/v1/query", **ask)).json()
        yield Planted(
            lethe,
            (
                ("POST", "/v1/search", ask),
                ("POST", "/v1/query", ask),
                ("POST", "/v1/query", {"json": {"question": QUESTION, "top_k": 10, "no_store": True}}),
                ("GET", f"/v1/queries/{answer['id']}", {}),
                *(("GET", f"{location}/chunks", {}) for location in (*locations[:2], locations[3])),
            ),
        )


async def test_who_is_being_erased_is_found_on_no_route(planted: Planted) -> None:
    for route in planted.routes:
        assert shows(await planted.ask(route)), f"the control: {route} shows the person before"
    client = planted.lethe.client
    begun = await client.post("/v1/erasures", json=WISH)
    assert (begun.status_code, begun.json()["state"], begun.json()["documents"]) == (202, "fenced", 1)
    for number in range(PROBES):
        route = planted.routes[number % len(planted.routes)]
        response = await planted.ask(route)
        # Only an answer that was made from their text goes with its key; asking anew must never meet that.
        gone = {410} if route[1].startswith("/v1/queries/") else set[int]()
        assert response.status_code in {200, 404} | gone, f"probe {number}: {route} {response.text}"
        assert not shows(response), f"probe {number}: {route} shows {response.text}"
        if route[1] == "/v1/search":
            assert "Jon Berg" in response.text, "others' text is found all the while"


async def test_who_was_erased_is_refused_and_no_text_of_theirs_is_kept(planted: Planted) -> None:
    client = planted.lethe.client
    sent = await client.post("/v1/documents", json={"text": FREE[0] + "And again."})
    location = sent.headers["location"]
    document = await planted.lethe.ready(location)
    failure = cast("dict[str, str]", document["failure"])
    assert (document["status"], failure["code"], failure["step"]) == ("failed", "subject_suppressed", "parse_document")
    letters = (await client.get("/v1/dead-letters", params={"code": "subject_suppressed"})).json()["items"]
    assert [letter["document_id"] for letter in letters] == [sent.json()["document_id"]]
    assert "lind" not in str(letters).casefold()
    retried = await client.post(f"/v1/dead-letters/{letters[0]['id']}/retry", json={})
    assert retried.status_code == 202
    assert (await client.get(f"{location}/chunks")).json()["items"] == []
