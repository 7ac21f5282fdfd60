"""A token bus for one API process: whoever asks and whoever answers are in it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Final

from pydantic import JsonValue

from lethe.model.ids import Id
from lethe.ports.tokens import TokenEvent, TokenKind

KEPT_SECONDS: Final = 300.0
MOST_EVENTS: Final = 10_000
"""Kept of one question, the newest; far above what an answer's bound of tokens makes."""


class _Stream:
    def __init__(self) -> None:
        self.events: list[TokenEvent] = []
        self.said = asyncio.Event()
        self.next_id = 1
        self.expiry: asyncio.TimerHandle | None = None

    def add(self, kind: TokenKind, data: Mapping[str, JsonValue]) -> None:
        self.events.append(TokenEvent(self.next_id, kind, data))
        self.next_id += 1
        del self.events[:-MOST_EVENTS]
        self.said.set()
        self.said = asyncio.Event()

    def after(self, event_id: int) -> list[TokenEvent]:
        first = self.events[0].id if self.events else 1
        return self.events[max(0, event_id + 1 - first) :]


class InProcessTokens:
    """lethe.ports.tokens.TokenBus in memory; of one event loop."""

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._kept_seconds = kept_seconds
        self._streams: dict[Id, _Stream] = {}

    async def publish(self, question_id: Id, kind: TokenKind, data: Mapping[str, JsonValue] | None = None) -> None:
        """Append, let whoever follows go on, and start the time the events are kept anew."""
        stream = self._stream(question_id)
        stream.add(kind, data or {})
        self._keep(question_id, stream)
        # What is said at once would be heard at once, when all of it is said.
        await asyncio.sleep(0)

    async def follow(self, question_id: Id, after: int = 0) -> AsyncGenerator[TokenEvent]:
        stream = self._stream(question_id)
        while True:
            said = stream.said
            for event in stream.after(after):
                after = event.id
                yield event
            if stream.said is said:
                await said.wait()

    def _stream(self, question_id: Id) -> _Stream:
        """Also of a question nothing was said of yet."""
        stream = self._streams.get(question_id)
        if stream is None:
            stream = self._streams[question_id] = _Stream()
            self._keep(question_id, stream)
        return stream

    def _keep(self, question_id: Id, stream: _Stream) -> None:
        if stream.expiry is not None:
            stream.expiry.cancel()
        stream.expiry = asyncio.get_running_loop().call_later(self._kept_seconds, self._forget, question_id)

    def _forget(self, question_id: Id) -> None:
        with suppress(KeyError):
            self._streams.pop(question_id).events.clear()
