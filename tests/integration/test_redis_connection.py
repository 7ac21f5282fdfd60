"""What Lethe takes for a Redis, on the real server."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lethe.adapters.redis import FAILURES, RedisConnection
from lethe.errors import ConfigurationError
from lethe.settings import RedisSettings
from tests.servers.redis import MEMORY_ONLY, RedisServer, running_redis


@asynccontextmanager
async def connection(settings: RedisSettings) -> AsyncGenerator[RedisConnection]:
    opened = RedisConnection(settings)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def server() -> Generator[RedisServer]:
    with running_redis() as running:
        yield running


async def test_a_redis_in_memory_is_taken(server: RedisServer):
    async with connection(server.settings) as opened:
        await opened.start()
        client = await opened.client()
        await client.set("bird", "heron")
        assert await client.get("bird") == b"heron"
        assert await opened.ready()


@pytest.mark.parametrize("options", [("--save", "60 1"), ("--save", "", "--appendonly", "yes", "--appenddirname", "x")])
async def test_a_redis_that_writes_to_disk_is_refused(options: tuple[str, ...], tmp_path: Path):
    with running_redis(*options, "--dir", str(tmp_path)) as persisting:
        async with connection(persisting.settings) as opened:
            with pytest.raises(ConfigurationError, match="disk"):
                await opened.start()
            assert not await opened.ready()
        claimed = persisting.settings.model_copy(update={"is_memory_only": True})
        async with connection(claimed) as opened:
            with pytest.raises(ConfigurationError, match="disk"):
                await opened.client()


async def test_one_that_may_not_be_asked_is_taken_at_the_operators_word():
    with running_redis(*MEMORY_ONLY, "--rename-command", "CONFIG", "") as mute:
        async with connection(mute.settings) as opened:
            with pytest.raises(ConfigurationError, match="is_memory_only"):
                await opened.start()
        async with connection(mute.settings.model_copy(update={"is_memory_only": True})) as opened:
            await opened.start()
            assert await opened.ready()


async def test_a_process_starts_without_it_and_finds_it_again(server: RedisServer):
    server.kill()
    async with connection(server.settings) as opened:
        await opened.start()
        with pytest.raises(FAILURES):
            await opened.client()
        server.start()
        assert await opened.ready()
        server.kill()
        assert not await opened.ready()
        server.start()
        assert await opened.ready()


async def test_a_redis_that_hangs_costs_no_more_than_the_limit(server: RedisServer):
    async with connection(server.settings.model_copy(update={"timeout_seconds": 0.2})) as opened:
        await opened.start()
        server.freeze()
        try:
            assert not await opened.ready()
        finally:
            server.thaw()
        assert await opened.ready()
