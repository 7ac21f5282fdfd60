"""Language models that do what a test says, recorded as every outside call is."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Final

from lethe.errors import LetheError
from lethe.model.processors import Operation, Processor
from lethe.ports.chat import STOP, ChatDelta, ChatRequest
from lethe.privacy.processors import ProcessorLedger

HANG: Final = "hang"
"""No piece ever comes."""


@dataclass(frozen=True, slots=True)
class Says:
    """Words, and how they end: by themselves, or with an error instead."""

    text: str
    finish_reason: str = STOP
    error: LetheError | None = None


@dataclass(slots=True)
class PlayedModel:
    """lethe.ports.chat.ChatModel. Plays its entries in turn, the last one again and again."""

    provider: str
    model: str
    plays: Sequence[Says | LetheError | str]
    calls: ProcessorLedger
    requests: list[ChatRequest] = field(default_factory=list[ChatRequest])
    ended: int = 0
    """Streams that are over or were closed."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta]:
        play = self.plays[min(len(self.requests), len(self.plays) - 1)]
        self.requests.append(request)
        assert request.origin is not None
        processor = Processor(self.provider, "eu", self.model, Operation.GENERATE)
        sent = len((request.system + request.user).split())
        try:
            async with self.calls.call(
                processor, request.origin, 1, tokens=sent, most_out=request.max_tokens
            ) as outcome:
                if isinstance(play, LetheError):
                    raise play
                if play == HANG:
                    await asyncio.Event().wait()
                said = Says(play) if isinstance(play, str) else play
                for word in said.text.split(" "):
                    outcome.tokens, outcome.tokens_out = sent, outcome.tokens_out + 1
                    yield ChatDelta(f"{word} ")
                if said.error is not None:
                    raise said.error
                yield ChatDelta("", said.finish_reason, sent, outcome.tokens_out, f"{self.model}-2026", "fp_1")
        finally:
            self.ended += 1
