"""Messages of Anthropic (extra `anthropic`). Its API takes no temperature any more."""

from collections.abc import AsyncGenerator, Mapping
from typing import Final

import anthropic
from anthropic.types import MessageParam

from lethe.adapters.llm.events import Fields, child, count, events, text
from lethe.adapters.llm.failures import failure_of
from lethe.adapters.llm.vendor import BROKEN, Piece
from lethe.adapters.vendor_errors import Refusal, no_answer
from lethe.errors import ModelUnavailable
from lethe.ports.chat import LENGTH, REFUSAL, STOP, ChatRequest
from lethe.settings import AnthropicSettings, ChainEntry

_FINISHES: Final[Mapping[str, str]] = {
    "max_tokens": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "refusal": REFUSAL,
}
"""Anything else it stops with is a normal end."""


class AnthropicChat:
    """A ChatVendor over Anthropic's own client, which is told neither to retry nor to follow elsewhere."""

    def __init__(self, settings: AnthropicSettings, entry: ChainEntry, seconds: float) -> None:
        self._model = entry.model
        self._client = anthropic.AsyncAnthropic(
            api_key=settings.api_key.get_secret_value() or "none",
            base_url=settings.base_url or None,
            timeout=seconds,
            max_retries=0,
            http_client=anthropic.DefaultAsyncHttpxClient(follow_redirects=False),
        )

    async def pieces(self, request: ChatRequest) -> AsyncGenerator[Piece]:
        messages: list[MessageParam] = [{"role": "user", "content": request.user}]
        try:
            async with self._client.messages.with_streaming_response.create(
                model=self._model,
                system=request.system,
                messages=messages,
                max_tokens=request.max_tokens,
                stream=True,
            ) as response:
                async for event in events(response.iter_bytes()):
                    yield _piece(event)
        except anthropic.APIStatusError as error:
            told = f"{error.message} {error.body}"
            raise failure_of(Refusal(error.status_code, error.response.headers, told)) from error
        except (anthropic.APIError, *BROKEN) as error:
            raise no_answer(ModelUnavailable, error) from error

    async def close(self) -> None:
        await self._client.close()


def _piece(event: Fields) -> Piece:
    kind, delta = text(event, "type"), child(event, "delta")
    if kind == "error":
        error = child(event, "error")
        raise failure_of(Refusal(200, {}, f"{error.get('type')} {text(error, 'message')}"))
    if kind == "message_start":
        message = child(event, "message")
        return Piece(tokens_in=count(child(message, "usage"), "input_tokens"), model=text(message, "model"))
    if kind == "message_delta":
        reason = text(delta, "stop_reason")
        return Piece(
            finish=_FINISHES.get(reason, STOP) if reason else "",
            tokens_out=count(child(event, "usage"), "output_tokens"),
        )
    return Piece(text=text(delta, "text")) if kind == "content_block_delta" else Piece()
