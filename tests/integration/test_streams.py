"""Answers as they are made, over HTTP: at the process that was asked, at another one, and after the first is killed."""

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio

from lethe.adapters.clock import SystemClock
from lethe.adapters.redis import RedisConnection
from lethe.adapters.tokens import make_tokens
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, retrieve
from lethe.contracts.answering import QuestionRef
from lethe.model.answers import Question
from lethe.model.principals import Caller
from lethe.ports.tokens import TokenBus, TokenKind
from lethe.privacy.credentials import secret_digest
from lethe.settings import Settings
from tests.events import Event, kinds, read_events, text_of
from tests.integration.installation import Installation, environment_of
from tests.integration.test_api_process import ASK, ApiProcess, api
from tests.integration.test_cli_letters import Cli
from tests.servers.redis import RedisServer, running_redis

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREAM = {"Accept": "text/event-stream"}
PATIENCE = 60.0
SILENT_SECONDS = 0.5
FLUENT = 12
"""Events after which one knows how quickly this machine lets words through."""


@pytest.fixture(scope="module")
def redis() -> Generator[RedisServer]:
    with running_redis() as server:
        yield server


def beside(redis: RedisServer, *, answers: bool) -> dict[str, str]:
    return {
        "LETHE_REDIS__URL": redis.url,
        "LETHE_API__PROCESSES": "2",
        "LETHE_API__QUERY_WORKER": str(answers),
        "LETHE_BREAKERS__SHARED_SECONDS": "20",
    }


@dataclass(frozen=True, slots=True)
class Pair:
    """Two API processes over one Redis; only one answers questions. ``location`` is a document's that is ready."""

    installation: Installation
    answering: ApiProcess
    other: ApiProcess
    location: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pair(free: Installation, redis: RedisServer) -> AsyncGenerator[Pair]:
    settings = free.settings
    async with (
        free.worker(),
        api(settings, **beside(redis, answers=True)) as answering,
        api(settings, **beside(redis, answers=False)) as other,
    ):
        location = (await other.uploaded()).headers["location"]
        assert (await other.ready(location))["status"] == "ready"
        yield Pair(free, answering, other, location)


@asynccontextmanager
async def followed(
    lethe: ApiProcess, question_id: str, after: int | None = None
) -> AsyncGenerator[AsyncIterator[Event]]:
    headers = STREAM | ({} if after is None else {"Last-Event-ID": str(after)})
    path = f"/v1/queries/{question_id}"
    async with asyncio.timeout(PATIENCE), lethe.client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200
        yield read_events(response)


class SlowAnswer:
    """A question that this test answers itself, so that its stream is as slow as a language model's."""

    def __init__(self, installation: Installation, redis: RedisServer) -> None:
        self.settings: Settings = installation.settings.model_copy(
            update={
                "redis": redis.settings,
                "breakers": installation.settings.breakers.model_copy(update={"shared_seconds": 20.0}),
            }
        )
        self._installation = installation
        self._connection = RedisConnection(self.settings.redis)
        self.tokens: TokenBus = make_tokens(self.settings, self._connection)
        self.deps = Answering(
            installation.ledger,
            installation.keyring,
            installation.search,
            installation.embedder,
            SystemClock(),
            self.tokens,
        )

    async def __aenter__(self) -> "SlowAnswer":
        caller = await self._caller()
        request = AnswerRequest(text=ASK["question"], top_k=5, alpha=0.5)
        self.question: Question = await ask(self.deps, caller, request, SystemClock().now())
        self.ref = QuestionRef(tenant_id=caller.tenant_id, question_id=self.question.id)
        self.retrieved = await retrieve(self.deps, self.ref)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    async def begin(self) -> None:
        chunk_ids = [passage.chunk_id for passage in self.retrieved.passages]
        assert chunk_ids
        await self.tokens.publish(self.question.id, TokenKind.SOURCES, {"chunk_ids": [*chunk_ids]})
        await self.tokens.publish(self.question.id, TokenKind.CITATION, {"number": 1, "chunk_id": chunk_ids[0]})

    async def say(self, text: str) -> None:
        await self.tokens.publish(self.question.id, TokenKind.TOKEN, {"text": text})

    async def end(self) -> None:
        """A reset, then the extract as the steps say it."""
        await self.tokens.publish(self.question.id, TokenKind.RESET, {"reason": "provider_down"})
        await finish(self.deps, await generate(self.deps, self.retrieved))

    async def _caller(self) -> Caller:
        """The admin whose key the test's requests carry."""
        secret = (self.settings.state / "admin.key").read_text().strip()
        async with self._installation.ledger.read() as uow:
            key = await uow.api_keys.by_secret(secret_digest(secret))
        assert key
        return Caller(key.tenant_id, key.principal_id, key.role, key.groups)


async def test_an_answer_made_by_another_process_streams_where_it_was_asked(pair: Pair) -> None:
    asking = pair.other.client.stream("POST", "/v1/query", json=ASK, headers=STREAM)
    async with asyncio.timeout(PATIENCE), asking as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert (response.headers["cache-control"], response.headers["x-accel-buffering"]) == ("no-store", "no")
        events = [event async for event in read_events(response)]
    assert kinds(events) == ["citation", "token", "done"]
    assert [event.id for event in events] == [2, 3, 4]
    done = events[-1].data
    assert text_of(events) == done["answer"]
    assert response.headers["content-location"] == f"/v1/queries/{done['id']}"
    for lethe in (pair.answering, pair.other):
        async with followed(lethe, done["id"], after=2) as rest:
            assert [event async for event in rest] == events[1:]


async def test_the_command_line_tells_it_as_it_comes(pair: Pair) -> None:
    port = pair.other.client.base_url.port
    cli = Cli(environment_of(pair.installation.settings) | {"LETHE_API__PORT": str(port)})
    whole = await cli.json("ask", ASK["question"])
    lines = (await cli.run("ask", ASK["question"], "--text")).splitlines()
    assert lines[:2] == [whole["answer"], ""]
    assert lines[2].startswith("[1] ")


async def test_a_stream_goes_on_at_another_process_when_the_first_is_killed(pair: Pair, redis: RedisServer) -> None:
    heard: list[Event] = []
    killed = api(pair.installation.settings, **beside(redis, answers=False))
    async with SlowAnswer(pair.installation, redis) as answer:
        await answer.begin()
        async with killed as first:
            with pytest.raises(httpx.TransportError):
                await _hear_until_killed(first, answer, heard)
        assert kinds(heard) == ["citation", "token"]
        async with followed(pair.other, answer.question.id, heard[-1].id) as events:
            await answer.say("is a riv")
            rest = [await anext(events)]
            await answer.end()
            rest += [event async for event in events]
    assert kinds(rest) == ["token", "reset", "citation", "token", "done"]
    ids = [event.id for event in heard + rest]
    assert ids == sorted(set(ids))
    assert text_of(heard + rest) == rest[-1].data["answer"]


async def _hear_until_killed(first: ApiProcess, answer: SlowAnswer, heard: list[Event]) -> None:
    async with followed(first, answer.question.id) as events:
        await answer.say("The Lethe ")
        async for event in events:
            heard.append(event)
            if event.kind == "token":
                first.process.kill()


async def test_a_deleted_source_silences_a_stream(
    pair: Pair, redis: RedisServer, record_property: Callable[[str, object], None]
) -> None:
    heard: list[tuple[float, Event]] = []
    deleted_at = 0.0
    async with (
        SlowAnswer(pair.installation, redis) as answer,
        followed(pair.other, answer.question.id) as events,
    ):
        await answer.begin()
        speaking = asyncio.create_task(_babble(answer))
        async for event in events:
            heard.append((time.monotonic(), event))
            if event.kind == "token" and not deleted_at:
                assert (await pair.other.client.delete(pair.location)).status_code == 202
                deleted_at = time.monotonic()
            elif event.kind == "withdrawn":
                # It is spoken on, to nobody's ears.
                await asyncio.sleep(0.5)
                speaking.cancel()
                await asyncio.wait({speaking})
                await finish(answer.deps, await generate(answer.deps, answer.retrieved))
    told = [event for _, event in heard]
    silent_at = kinds(told).index("withdrawn")
    assert told[silent_at].data == {"number": 1}
    assert kinds(told[silent_at:]) == ["withdrawn", "done"]
    assert "forgets" not in str(told[-1].data)
    record_property("ms from the deletion to silence", round((heard[silent_at][0] - deleted_at) * 1000))


async def _babble(answer: SlowAnswer) -> None:
    while True:
        await answer.say("the Lethe forgets ")
        await asyncio.sleep(0.02)


async def test_a_fence_silences_a_stream(
    pair: Pair, redis: RedisServer, record_property: Callable[[str, object], None]
) -> None:
    """The passage is linked to nobody: it only shows the name."""
    text = "# Rivers\n\nWho drinks from the Lethe forgets everything, wrote Mara Lind.\n"
    sent = await pair.other.client.post("/v1/documents", json={"text": text})
    assert (await pair.other.ready(sent.headers["location"]))["status"] == "ready"
    heard: list[tuple[float, Event]] = []
    fenced_at = 0.0
    async with (
        SlowAnswer(pair.installation, redis) as answer,
        followed(pair.other, answer.question.id) as events,
    ):
        await answer.begin()
        speaking = asyncio.create_task(_babble(answer))
        async for event in events:
            heard.append((time.monotonic(), event))
            if len(heard) == FLUENT and not fenced_at:
                wish = {"identifiers": [{"kind": "name", "value": "Mara Lind"}]}
                assert (await pair.answering.client.post("/v1/erasures", json=wish)).status_code == 202
                fenced_at = time.monotonic()
            elif event.kind == "withdrawn":
                speaking.cancel()
                await asyncio.wait({speaking})
                await finish(answer.deps, await generate(answer.deps, answer.retrieved))
    told = [event for _, event in heard]
    silent_at = kinds(told).index("withdrawn")
    assert kinds(told[silent_at:]) == ["withdrawn", "done"]
    assert "Lind" not in str(told[-1].data)
    silence = heard[silent_at][0] - fenced_at
    record_property("ms from the fence to silence", round(silence * 1000))
    # The words before the fence was asked for, and those that came until the silence.
    flowing = (heard[1:FLUENT], heard[FLUENT : silent_at + 1])
    slowest = max(later[0] - earlier[0] for words in flowing for earlier, later in itertools.pairwise(words))
    assert silence <= SILENT_SECONDS + 10 * slowest, "a machine on which words come slowly is given time"
