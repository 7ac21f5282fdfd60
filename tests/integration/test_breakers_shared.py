"""Breakers that two processes share through a real Redis, and what is left of them without it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from lethe.adapters.breakers import Guards, LocalKeeper, Policies, RedisKeeper
from lethe.adapters.clock import SystemClock
from lethe.adapters.redis import RedisConnection
from lethe.errors import BreakerOpen, ModelUnavailable
from lethe.model.breakers import Phase
from lethe.ports.breakers import REDIS, chat_breaker
from lethe.settings import BreakerSettings
from tests.servers.redis import RedisServer, running_redis

CHAT = chat_breaker("openai", "mini")
PREFIX = "lethe:test:breaker:"
# So long that nothing opens, closes or is given up by itself while a test runs, however slow the machine.
LONG = 10_000.0
SETTINGS = BreakerSettings(
    open_seconds=LONG,
    longest_seconds=LONG,
    probe_seconds=LONG,
    store_open_seconds=LONG,
    window_seconds=LONG,
    shared_seconds=20,
)


@pytest.fixture(scope="module")
def server() -> Generator[RedisServer]:
    with running_redis() as running:
        yield running


@pytest.fixture(autouse=True)
def _emptied(server: RedisServer) -> None:
    server.empty()


class Connection(RedisConnection):
    """Counts how often Redis is asked."""

    asked = 0

    async def client(self) -> Redis:
        self.asked += 1
        return await super().client()


class AheadClock:
    """The time of this process, which may run ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


class Process:
    """What one process has of the breakers."""

    def __init__(self, server: RedisServer, settings: BreakerSettings = SETTINGS) -> None:
        policies = Policies(settings)
        self.connection = Connection(server.settings.model_copy(update={"timeout_seconds": 20.0}))
        self.clock = AheadClock()
        local = LocalKeeper(policies, self.clock)
        self.keeper = RedisKeeper(self.connection, local, policies, prefix=PREFIX, seconds=settings.shared_seconds)
        self.breakers = Guards(self.keeper, policies, [CHAT, REDIS])

    async def fail(self, times: int = SETTINGS.failures) -> None:
        for _ in range(times):
            with pytest.raises(ModelUnavailable):
                async with self.breakers.call(CHAT):
                    raise ModelUnavailable

    async def succeed(self) -> None:
        async with self.breakers.call(CHAT):
            pass

    async def phase(self, name: str = CHAT) -> Phase:
        return (await self.breakers.states())[name].phase

    async def later(self) -> None:
        """The breaker's opening, or its probe's time, is over: what Redis holds of it began that long ago."""
        client = await self.connection.client()
        state = json.loads(bytes(await client.get(f"{PREFIX}{CHAT}")))  # pyright: ignore[reportArgumentType]
        await client.set(f"{PREFIX}{CHAT}", json.dumps(state | {"since": state["since"] - LONG}))


@asynccontextmanager
async def processes(
    server: RedisServer, count: int, settings: BreakerSettings = SETTINGS
) -> AsyncGenerator[list[Process]]:
    async with AsyncExitStack() as stack:
        made = [Process(server, settings) for _ in range(count)]
        for each in made:
            stack.push_async_callback(each.connection.close)
        yield made


@pytest_asyncio.fixture
async def two(server: RedisServer) -> AsyncGenerator[list[Process]]:
    async with processes(server, 2) as made:
        yield made


async def test_what_one_process_finds_out_the_other_knows(two: list[Process]):
    one, other = two
    await one.fail(3)
    await other.fail(2)
    for process in two:
        assert await process.breakers.is_open(CHAT)
        with pytest.raises(BreakerOpen):
            await process.succeed()
    await one.later()
    await other.succeed()
    assert [await process.phase() for process in two] == [Phase.CLOSED] * 2


async def test_exactly_one_of_a_hundred_callers_of_two_processes_probes(
    server: RedisServer, record_property: Callable[[str, object], None]
):
    async with processes(server, 2) as two:
        await two[0].fail()
        await two[0].later()
        probes = await probing(two)
        assert [await process.phase() for process in two] == [Phase.CLOSED] * 2
    record_property("probes among 100 concurrent callers, two clients of Redis", probes)
    assert probes == 1


async def probing(two: list[Process]) -> int:
    """How many of a hundred concurrent callers were let through before one of them ended."""
    probes, refused, release = 0, 0, asyncio.Event()

    async def caller(process: Process) -> None:
        nonlocal probes, refused
        try:
            async with process.breakers.call(CHAT):
                probes += 1
                await release.wait()
        except BreakerOpen:
            refused += 1

    tasks = [asyncio.create_task(caller(two[turn % 2])) for turn in range(100)]
    async with asyncio.timeout(60):
        while refused < 99:
            await asyncio.sleep(0.01)
    release.set()
    await asyncio.gather(*tasks)
    return probes


async def test_a_process_that_dies_with_the_probe_does_not_leave_it_stuck(two: list[Process]):
    one, other = two
    await one.fail()
    await one.later()
    assert (await one.keeper.admit(CHAT)).epoch is not None
    assert await other.phase() is Phase.HALF_OPEN
    with pytest.raises(BreakerOpen):
        await other.succeed()
    await one.later()
    await other.succeed()
    assert await one.phase() is Phase.CLOSED


async def test_no_outcome_of_concurrent_calls_is_lost(two: list[Process]):
    async def call(process: Process) -> None:
        async with process.breakers.call(CHAT):
            await asyncio.sleep(0)

    await asyncio.gather(*(call(two[turn % 2]) for turn in range(60)))
    client = await two[0].connection.client()
    assert b'"calls":60' in bytes(await client.get(f"{PREFIX}{CHAT}") or b"")  # pyright: ignore[reportArgumentType]


async def test_without_redis_each_process_goes_on_from_what_it_knew(server: RedisServer):
    async with processes(server, 2) as (one, other):
        await one.fail()
        assert await other.breakers.is_open(CHAT)
        server.kill()
        try:
            for process in (one, other):
                with pytest.raises(BreakerOpen):
                    await process.succeed()
            for _ in range(SETTINGS.failures):
                await one.breakers.is_open(CHAT)
            assert await one.phase(REDIS) is Phase.OPEN
            asked = one.connection.asked
            for _ in range(200):
                assert await one.breakers.is_open(CHAT)
            assert one.connection.asked == asked
        finally:
            server.start()
        async with asyncio.timeout(60):
            while await one.phase(REDIS) is not Phase.CLOSED:
                one.clock.ahead += timedelta(seconds=LONG)
                await asyncio.sleep(0.05)
        await one.succeed()
        assert await one.phase(REDIS) is Phase.CLOSED


async def test_a_redis_that_hangs_is_waited_for_only_until_its_breaker_opens(server: RedisServer):
    async with processes(server, 1, SETTINGS.model_copy(update={"shared_seconds": 0.1})) as (process,):
        await process.succeed()
        server.freeze()
        try:
            asked = process.connection.asked
            for _ in range(100):
                await process.succeed()
            waits = process.connection.asked - asked
        finally:
            server.thaw()
        assert await process.phase(REDIS) is Phase.OPEN
        assert 0 < waits <= SETTINGS.failures
