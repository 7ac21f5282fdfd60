"""A token bus nobody listens to."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

from pydantic import JsonValue

from lethe.model.ids import Id
from lethe.ports.tokens import TokenEvent, TokenKind


class RecordedTokens:
    """lethe.ports.tokens.TokenBus that remembers what was said. ``said``: by question, in order."""

    def __init__(self) -> None:
        self.said: dict[Id, list[TokenEvent]] = {}

    async def publish(self, question_id: Id, kind: TokenKind, data: Mapping[str, JsonValue] | None = None) -> None:
        events = self.said.setdefault(question_id, [])
        events.append(TokenEvent(len(events) + 1, kind, data or {}))

    async def follow(self, question_id: Id, after: int = 0) -> AsyncGenerator[TokenEvent]:
        """Looks again every few milliseconds."""
        while True:
            for event in self.said.get(question_id, [])[after:]:
                after = event.id
                yield event
            await asyncio.sleep(0.005)
