"""One client per process, connected at first use, to a Redis that writes nothing to disk."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import redis.exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from lethe.errors import ConfigurationError
from lethe.settings import RedisSettings

FAILURES: Final = (redis.exceptions.RedisError, OSError, TimeoutError)
"""Everything the client raises, time limits included."""

_log: Final = logging.getLogger("lethe.redis")


class RedisConnection:
    """Texts of persons pass through: a Redis that persists is refused before anything is sent to it."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._is_checked = False
        self._lock = asyncio.Lock()
        self._client = Redis.from_url(
            settings.url.get_secret_value(),
            socket_timeout=settings.timeout_seconds,
            socket_connect_timeout=settings.timeout_seconds,
            # Once, for a connection that a restarted server has dropped; never for time that has passed.
            retry=Retry(NoBackoff(), 1, (redis.exceptions.ConnectionError,)),
        )

    async def client(self) -> Redis:
        """The client, its values bytes. Raises one of FAILURES, or ConfigurationError for a Redis that persists."""
        if not self._is_checked:
            async with self._lock:
                if not self._is_checked:
                    await self._check()
                    self._is_checked = True
        return self._client

    async def start(self) -> None:
        """At start-up: raises ConfigurationError. That it does not answer is for later."""
        try:
            await self.client()
        except FAILURES as error:
            _log.warning("redis does not answer", extra={"code": type(error).__name__})

    async def ready(self) -> bool:
        """Whether it answers and may be used."""
        try:
            await (await self.client()).ping()
        except (*FAILURES, ConfigurationError):
            return False
        return True

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _check(self) -> None:
        try:
            told = await self._client.config_get("save", "appendonly")
        except redis.exceptions.ResponseError:
            if not self._settings.is_memory_only:
                raise ConfigurationError(
                    "Redis does not let itself be asked whether it persists: make sure that it does not, and set "
                    "redis.is_memory_only"
                ) from None
            return
        texts = {_text(name): _text(value) for name, value in told.items()}
        if texts.get("save") or texts.get("appendonly") != "no":
            raise ConfigurationError('Redis writes to disk; start it with `--save "" --appendonly no`')


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value or "")


@asynccontextmanager
async def open_redis(settings: RedisSettings) -> AsyncGenerator[RedisConnection | None]:
    """None without an address. Raises ConfigurationError for one that persists."""
    if not settings.url.get_secret_value():
        yield None
        return
    connection = RedisConnection(settings)
    try:
        await connection.start()
        yield connection
    finally:
        await connection.close()
