"""The token bus through a real Redis: its contract between two processes' connections, and what is left without it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Generator

import pytest
import pytest_asyncio

from lethe.adapters.redis import RedisConnection
from lethe.adapters.tokens import RedisTokens
from lethe.errors import StreamUnavailable
from lethe.model.ids import Id, new_id
from lethe.ports.tokens import TokenKind
from tests.contract.tokens import TokenBusContract, heard, say, texts
from tests.servers.redis import RedisServer, running_redis

PREFIX = "lethe:test:tokens:"
PATIENCE = 20.0


@pytest.fixture(scope="module")
def server() -> Generator[RedisServer]:
    with running_redis() as running:
        yield running


def tokens(connection: RedisConnection, seconds: float = PATIENCE, kept_seconds: float = 300) -> RedisTokens:
    return RedisTokens(connection, prefix=PREFIX, seconds=seconds, command_seconds=PATIENCE, kept_seconds=kept_seconds)


@pytest_asyncio.fixture
async def connection(server: RedisServer) -> AsyncGenerator[RedisConnection]:
    opened = RedisConnection(server.settings)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def second(server: RedisServer) -> AsyncGenerator[RedisConnection]:
    opened = RedisConnection(server.settings)
    yield opened
    await opened.close()


class TestRedisTokens(TokenBusContract):
    @pytest.fixture
    def bus(self, connection: RedisConnection) -> RedisTokens:
        return tokens(connection)

    @pytest.fixture
    def another(self, second: RedisConnection) -> RedisTokens:
        return tokens(second)


async def test_every_question_goes_by_itself(connection: RedisConnection) -> None:
    bus, question_id = tokens(connection), new_id()
    await say(bus, question_id, "a")
    client = await connection.client()
    assert 200_000 < await client.pttl(PREFIX + question_id) <= 300_000
    brief, soon = tokens(connection, kept_seconds=0.2), new_id()
    await say(brief, soon, "a")
    async with asyncio.timeout(PATIENCE):
        while await client.exists(PREFIX + soon):
            await asyncio.sleep(0.05)


async def test_an_answer_does_not_wait_for_a_redis_that_is_gone(server: RedisServer) -> None:
    connection = RedisConnection(server.settings)
    bus, question_id = tokens(connection, seconds=0.3), new_id()
    await say(bus, question_id, "a")
    server.freeze()
    try:
        started = time.monotonic()
        await say(bus, question_id, *("b" for _ in range(50)))
        assert time.monotonic() - started < 12
        # What came before the hole does not go on after it.
    finally:
        server.thaw()
        await connection.close()


async def test_no_text_goes_on_after_a_hole(
    connection: RedisConnection, second: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus, question_id = tokens(connection), new_id()
    await say(bus, question_id, "whole")
    with monkeypatch.context() as gone:
        gone.setattr(connection, "client", _gone)
        await say(bus, question_id, "lost")
    monkeypatch.setattr(bus, "_silent_until", 0.0)
    await say(bus, question_id, "after the hole")
    await bus.publish(question_id, TokenKind.RESET, {"reason": "repeated"})
    await say(bus, question_id, "again")
    events = await heard(tokens(second), question_id, 3)
    assert [event.kind for event in events] == [TokenKind.TOKEN, TokenKind.RESET, TokenKind.TOKEN]
    assert texts([events[0], events[2]]) == ["whole", "again"]


async def _gone() -> None:
    raise ConnectionError


async def test_following_says_that_redis_is_gone() -> None:
    with running_redis() as own:
        connection = RedisConnection(own.settings)
        bus: RedisTokens = tokens(connection)
        question_id: Id = new_id()
        listening = asyncio.create_task(heard(bus, question_id, 1))
        await asyncio.sleep(0.2)
        own.kill()
        with pytest.raises(StreamUnavailable):
            await listening
        await connection.close()
