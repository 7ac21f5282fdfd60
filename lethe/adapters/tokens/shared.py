"""A token bus for several API processes: one short-lived Redis stream per question."""

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final, cast

from pydantic import JsonValue

from lethe.adapters.redis import FAILURES, RedisConnection
from lethe.adapters.tokens.memory import KEPT_SECONDS, MOST_EVENTS
from lethe.errors import ConfigurationError, StreamUnavailable
from lethe.model.ids import Id
from lethe.ports.tokens import TokenEvent, TokenKind

_PAUSE_SECONDS: Final = 5.0
"""How long a Redis that failed is not spoken to, so that an answer does not wait for it token by token."""
_READ_SECONDS: Final = 0.5
"""How long one read waits for news, where a command may take longer."""
_MOST_HOLES: Final = 1_000
_TEXTS: Final = frozenset({TokenKind.SOURCES, TokenKind.TOKEN, TokenKind.CITATION})

_Entries = list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]

_log: Final = logging.getLogger("lethe.tokens")


class RedisTokens:
    """lethe.ports.tokens.TokenBus. An event's id is that of its entry, `0-<id>`, which Redis counts (from 7.0).

    What a question says after an event of it was lost is kept back until its next attempt: no text with a hole in it.
    """

    def __init__(
        self,
        connection: RedisConnection,
        *,
        prefix: str,
        seconds: float,
        command_seconds: float,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        """``seconds`` is how long Redis may take to accept an event, ``command_seconds`` the client's own limit."""
        self._connection = connection
        self._prefix = prefix
        self._seconds = seconds
        self._block_ms = int(min(_READ_SECONDS, command_seconds / 2) * 1000)
        self._kept_seconds = kept_seconds
        self._silent_until = 0.0
        self._holes: OrderedDict[Id, None] = OrderedDict()

    async def publish(self, question_id: Id, kind: TokenKind, data: Mapping[str, JsonValue] | None = None) -> None:
        if kind in _TEXTS and question_id in self._holes:
            return
        if time.monotonic() >= self._silent_until and await self._added(question_id, kind, data or {}):
            self._holes.pop(question_id, None)
            return
        self._holes[question_id] = None
        if len(self._holes) > _MOST_HOLES:
            self._holes.popitem(last=False)

    async def follow(self, question_id: Id, after: int = 0) -> AsyncGenerator[TokenEvent]:
        """Holds a connection while it waits."""
        key = self._key(question_id)
        try:
            client = await self._connection.client()
            while True:
                found = cast("_Entries", await client.xread({key: f"0-{after}"}, block=self._block_ms))
                for _, entries in found or []:
                    for entry_id, fields in entries:
                        after = int(entry_id.partition(b"-")[2])
                        yield TokenEvent(after, TokenKind(fields[b"kind"].decode()), json.loads(fields[b"data"]))
        except (*FAILURES, ConfigurationError) as error:
            raise StreamUnavailable from error

    async def _added(self, question_id: Id, kind: TokenKind, data: Mapping[str, JsonValue]) -> bool:
        key = self._key(question_id)
        fields: dict[Any, Any] = {"kind": kind.value, "data": json.dumps(data)}
        try:
            async with asyncio.timeout(self._seconds):
                client = await self._connection.client()
                # In one transaction: no text may stay without a time when it goes.
                async with client.pipeline(transaction=True) as pipeline:
                    pipeline.xadd(key, fields, id="0-*", maxlen=MOST_EVENTS, approximate=True)
                    pipeline.pexpire(key, int(self._kept_seconds * 1000))
                    await pipeline.execute()
        except (*FAILURES, ConfigurationError) as error:
            self._silent_until = time.monotonic() + _PAUSE_SECONDS
            _log.warning("token not told", extra={"ref": question_id, "code": type(error).__name__})
            return False
        return True

    def _key(self, question_id: Id) -> str:
        return f"{self._prefix}{question_id}"
