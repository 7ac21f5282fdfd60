"""Around a vendor: breaker, record, limits on time and length, and what a proper end is."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from lethe.adapters.embedding.counting import EstimatingTokenizer
from lethe.adapters.llm.vendor import ChatVendor, Piece, Refused
from lethe.errors import ModelUnavailable
from lethe.model.processors import Processor
from lethe.ports.breakers import Breakers, chat_breaker
from lethe.ports.chat import LENGTH, REFUSAL, ChatDelta, ChatRequest
from lethe.privacy.processors import Outcome, ProcessorLedger
from lethe.settings import AnsweringSettings

_LONGEST_TOKEN: Final = 40
"""Characters; a server that says more than that for each token it was allowed does not count."""
_AFTER_END_SECONDS: Final = 1.0
"""How long the usage may come after the end of the answer itself."""

_tokenizer: Final = EstimatingTokenizer(0)


@dataclass(slots=True)
class _Answer:
    """What has come so far. Counts are estimated until the vendor tells them."""

    most_characters: int
    expected_in: int
    said: list[str] = field(default_factory=list[str])
    characters: int = 0
    last: Piece = field(default_factory=Piece)

    def take(self, piece: Piece) -> None:
        if piece.text:
            self.said.append(piece.text)
            self.characters += len(piece.text)
        last = self.last
        self.last = Piece(
            finish=last.finish or piece.finish,
            tokens_in=piece.tokens_in or last.tokens_in,
            tokens_out=piece.tokens_out or last.tokens_out,
            model=piece.model or last.model,
            fingerprint=piece.fingerprint or last.fingerprint,
        )

    def end(self, reason: str) -> None:
        self.take(Piece(finish=reason))

    @property
    def is_counted(self) -> bool:
        return bool(self.last.finish and self.last.tokens_in and self.last.tokens_out)

    def fill(self, outcome: Outcome) -> None:
        """For the record: paid for from the first piece on."""
        if self.said or self.last.finish:
            outcome.tokens = self.last.tokens_in or self.expected_in
            outcome.tokens_out = self.last.tokens_out if self.is_counted else _estimated("".join(self.said))
            outcome.is_estimated = not self.is_counted


class RemoteChatModel:
    """lethe.ports.chat.ChatModel over any ChatVendor."""

    def __init__(
        self,
        vendor: ChatVendor,
        processor: Processor,
        settings: AnsweringSettings,
        *,
        calls: ProcessorLedger,
        breakers: Breakers,
    ) -> None:
        self._vendor = vendor
        self._processor = processor
        self._settings = settings
        self._calls = calls
        self._breakers = breakers

    @property
    def provider(self) -> str:
        return self._processor.provider

    @property
    def model(self) -> str:
        return self._processor.model

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta]:
        if request.origin is None:
            raise ValueError("nothing is sent outside without saying on whose behalf")
        expected_in = _estimated(request.system) + _estimated(request.user)
        answer = _Answer(request.max_tokens * _LONGEST_TOKEN, expected_in)
        async with (
            self._breakers.call(chat_breaker(self.provider, self.model)) as call,
            self._calls.call(
                self._processor, request.origin, 1, tokens=expected_in, most_out=request.max_tokens
            ) as outcome,
        ):
            try:
                async with aclosing(self._texts(request, answer)) as texts:
                    async for text in texts:
                        call.answered()
                        yield ChatDelta(text)
                _check(answer)
            finally:
                answer.fill(outcome)
        # Outside of the record: whoever has read the end need not come back for it to be kept.
        yield ChatDelta(
            text="",
            finish_reason=answer.last.finish,
            tokens_in=outcome.tokens,
            tokens_out=outcome.tokens_out,
            model=answer.last.model or self.model,
            fingerprint=answer.last.fingerprint,
            is_estimated=outcome.is_estimated,
        )

    async def close(self) -> None:
        """Release connections."""
        await self._vendor.close()

    async def _texts(self, request: ChatRequest, answer: _Answer) -> AsyncGenerator[str]:
        """What is said, until the vendor is done. After the end of the answer nothing is a failure any more."""
        try:
            async with aclosing(self._vendor.pieces(request)) as pieces, aclosing(self._in_time(pieces)) as timely:
                async for piece in timely:
                    answer.take(piece)
                    if piece.text:
                        yield piece.text
                    if answer.characters > answer.most_characters:
                        answer.end(LENGTH)
                        return
        except Refused:
            answer.end(REFUSAL)
        except ModelUnavailable:
            if not answer.last.finish:
                raise

    async def _in_time(self, pieces: AsyncGenerator[Piece]) -> AsyncGenerator[Piece]:
        """Raises ModelUnavailable when the first token, the next one or the whole answer takes too long."""
        loop, settings = asyncio.get_running_loop(), self._settings
        ends = loop.time() + settings.call_seconds
        due = loop.time() + settings.first_token_seconds
        while True:
            try:
                async with asyncio.timeout_at(min(due, ends)):
                    piece = await anext(pieces, None)
            except TimeoutError:
                raise ModelUnavailable("no token in time").unanswered() from None
            if piece is None:
                return
            if piece.text:
                due = loop.time() + settings.idle_seconds
            if piece.finish:
                ends = min(ends, loop.time() + _AFTER_END_SECONDS)
            yield piece


def _check(answer: _Answer) -> None:
    if not answer.last.finish:
        raise ModelUnavailable("the answer broke off")
    if not answer.said and answer.last.finish != REFUSAL:
        raise ModelUnavailable("nothing was said")


def _estimated(text: str) -> int:
    return len(_tokenizer.offsets(text))
