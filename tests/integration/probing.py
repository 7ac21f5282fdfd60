"""A person and others in an installation, and requests that show them, asked again and again while one is erased."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from lethe.privacy.erasure.needles import texts_of
from lethe.privacy.identifiers import SearchedText
from tests.events import events_of

QUESTION: Final = "Who owes the ferry forty crowns?"
NAME: Final = "Mara Lind"
MAIL: Final = "mara.lind@mail.example"
FREE: Final = (
    "# Ferry\n\nMARA  LIND owes the ferry forty crowns since the spring.\n",
    "# Ferry\n\nForty crowns for the ferry: reminder to Mara.Lind@Mail.Example was sent.\n",
)
"""Linked to nobody."""
LINKED: Final = "# Ferry\n\nThe debtor owes the ferry forty crowns and moved to Orlo.\n"
OTHERS: Final = "# Ferry\n\nJon Berg owes the ferry forty crowns as well.\n"
OWED: Final = "Jon Berg owes the ferry forty crowns as well."
TIDES: Final = tuple(f"Jon Berg saw tide {number} rise at the north pier." for number in range(90))
SHARED: Final = f"# Debts\n\nMara Lind pays the ferry late.\n\n# Tides\n\n{' '.join(TIDES)}\n"
UNTOUCHED: Final = {
    "Which paint keeps copper hulls clean?": "Copper hulls stay clean with zinc paint.",
    "When is the lighthouse lamp polished?": "The lighthouse lamp is polished on Fridays.",
    "Who feeds the harbour seals?": "The harbour seals are fed by the warden.",
    "How deep is the dry dock?": "The dry dock is nine metres deep.",
}
MARKS: Final = (("name", NAME.casefold()), ("email", MAIL), ("name", "moved to orlo"))
WISH: Final[dict[str, Any]] = {"identifiers": [{"kind": "email", "value": MAIL}, {"kind": "name", "value": NAME}]}
READY_SECONDS: Final = 120.0
_STREAM: Final = {"Accept": "text/event-stream"}
_GONE: Final = frozenset({404, 410})
PURGED: Final = frozenset({"purged", "verifying", "certified"})


@dataclass(frozen=True, slots=True)
class Route:
    """A request whose response shows the person before."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def ask(self, client: httpx.AsyncClient) -> httpx.Response:
        return await client.request(self.method, self.path, json=self.body, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Planted:
    """What was planted: ``routes`` each show the person, ``shared`` is a document about Jon Berg, too."""

    client: httpx.AsyncClient
    routes: tuple[Route, ...]
    shared: str

    async def check(self, route: Route) -> str:
        """What is wrong with what the route says behind the fence; empty: nothing."""
        response = await route.ask(self.client)
        if response.status_code not in {200, *_GONE}:
            return f"{route} answered {response.status_code}: {response.text}"
        return f"{route} shows {response.text}" if shows(response) else ""

    async def found(self, question: str, top_k: int) -> list[str]:
        """The texts of the passages, best first."""
        ask = {"question": question, "top_k": top_k}
        response = (await self.client.post("/v1/search", json=ask)).raise_for_status()
        return [item["text"] for item in response.json()["items"]]

    async def misses_others(self, number: int) -> str:
        """What is not found of a sentence that says nothing of the person."""
        tide = TIDES[-1 - number % 20]
        if not any(OWED in text for text in await self.found(QUESTION, 20)):
            return f"not found: {OWED}"
        return "" if any(tide in text for text in await self.found(tide, 20)) else f"not found: {tide}"

    async def untouched(self) -> dict[str, set[str]]:
        """What is found by questions that have nothing to do with the person."""
        return {question: set(await self.found(question, 1)) for question in UNTOUCHED}

    async def texts_of_shared(self) -> list[str]:
        response = (await self.client.get(f"{self.shared}/chunks", params={"limit": 50})).raise_for_status()
        return [item["text"] for item in response.json()["items"]]

    async def state(self, erasure: str) -> dict[str, Any]:
        return (await self.client.get(erasure)).raise_for_status().json()


def shows(response: httpx.Response) -> bool:
    if response.headers["content-type"].startswith("text/event-stream"):
        said = list[object](event.data for event in events_of(response.text))
        # A sentence comes in pieces.
        said.append("".join(str(event.data.get("text", "")) for event in events_of(response.text)))
    else:
        said = response.json()
    texts = [SearchedText.of(text) for text in texts_of(said)]
    return any(text.holds(kind, key) for text in texts for kind, key in MARKS)


async def plant(client: httpx.AsyncClient) -> Planted:
    """Half of what says the person's name is linked to nobody."""
    subjects = [{"kind": "email", "value": "Mara.Lind@mail.example"}]
    jon = {"kind": "email", "value": "jon.berg@mail.example"}
    noted = {"title": f"Letter of {NAME}", "metadata": {"debtor": MAIL}}
    linked, shared, titled, free, *_ = await _ready(
        client,
        [
            {"text": LINKED, "subjects": subjects, **noted},
            {"text": SHARED, "subjects": [*subjects, jon], "media_type": "text/markdown"},
            {"text": "The boat leaves at nine.", "title": f"A note for {NAME}"},
            *({"text": text} for text in (*FREE, OTHERS, *UNTOUCHED.values())),
        ],
    )
    ask = {"question": QUESTION, "top_k": 20}
    anew = {**ask, "no_store": True}
    answer = (await client.post("/v1/query", json=ask)).raise_for_status().json()
    verdict = {"query_id": answer["id"], "verdict": "down", "reason": f"Ask {NAME}."}
    (await client.post("/v1/feedback", json=verdict)).raise_for_status()
    chunk = (await client.get(f"{free}/chunks")).json()["items"][0]["id"]
    own = f"/v1/queries/{answer['id']}"
    return Planted(
        client,
        (
            Route("POST", "/v1/search", ask),
            Route("POST", "/v1/query", ask),
            Route("POST", "/v1/query", anew),
            Route("POST", "/v1/query", anew, _STREAM),
            Route("GET", own),
            Route("GET", own, headers=_STREAM),
            Route("GET", "/v1/feedback"),
            Route("GET", "/v1/documents?limit=100"),
            *(Route("GET", location) for location in (linked, titled)),
            *(Route("GET", f"{location}/chunks") for location in (linked, shared, free)),
            Route("GET", f"{free}/chunks/{chunk}"),
        ),
        shared,
    )


async def _ready(client: httpx.AsyncClient, bodies: Sequence[dict[str, Any]]) -> list[str]:
    """Where the documents are, once all of them are served."""
    locations = [(await client.post("/v1/documents", json=body)).headers["location"] for body in bodies]
    async with asyncio.timeout(READY_SECONDS):
        for location in locations:
            while (await client.get(location)).json()["status"] != "ready":
                await asyncio.sleep(0.1)
    return locations


@dataclass
class Probes:
    """How often was asked, what was shown, and what of others was not found."""

    count: int = 0
    shown: list[str] = field(default_factory=list[str])
    missed: list[str] = field(default_factory=list[str])
    is_purged: bool = False


async def probe(planted: Planted, erasure: str, least: int, pause: float, seconds: float) -> Probes:
    """Ask every route in turn until the erasure is purged, at least so often; after that each once more."""
    probes = Probes()
    async with asyncio.timeout(seconds):
        for number, route in _numbered(planted.routes):
            if number % len(planted.routes) == 0:
                probes.missed += filter(None, [await planted.misses_others(number)])
                is_last = probes.is_purged and probes.count >= least
                probes.is_purged = (await planted.state(erasure))["state"] in PURGED
                if is_last:
                    return probes
            probes.shown += filter(None, [await planted.check(route)])
            probes.count += 1
            await asyncio.sleep(pause)
    raise AssertionError("the routes came to an end")


def _numbered(routes: Sequence[Route]) -> Iterator[tuple[int, Route]]:
    return enumerate(itertools.cycle(routes))
