"""Chat of Cohere, second version of its API. Spoken directly: its client skips a piece it cannot read, silently."""

from collections.abc import AsyncGenerator, Mapping
from typing import Final

import httpx

from lethe.adapters.llm.events import Fields, child, count, events, text
from lethe.adapters.llm.failures import failure_of
from lethe.adapters.llm.vendor import BROKEN, Piece
from lethe.adapters.vendor_errors import Refusal, no_answer
from lethe.errors import ModelContextOverflow, ModelUnavailable
from lethe.ports.chat import LENGTH, REFUSAL, STOP, ChatRequest
from lethe.settings import ChainEntry, CohereSettings

_URL: Final = "https://api.cohere.com"
_WARMEST: Final = 1.0
_FINISHES: Final[Mapping[str, str]] = {
    "COMPLETE": STOP,
    "STOP_SEQUENCE": STOP,
    "MAX_TOKENS": LENGTH,
    "ERROR_TOXIC": REFUSAL,
}


class CohereChat:
    """A ChatVendor."""

    def __init__(self, settings: CohereSettings, entry: ChainEntry, seconds: float) -> None:
        self._model = entry.model
        self._http = httpx.AsyncClient(
            base_url=settings.base_url or _URL,
            headers={"Authorization": f"Bearer {settings.api_key.get_secret_value() or 'none'}"},
            timeout=seconds,
        )

    async def pieces(self, request: ChatRequest) -> AsyncGenerator[Piece]:
        body = {
            "model": self._model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            "max_tokens": request.max_tokens,
            "temperature": min(request.temperature, _WARMEST),
            "stream": True,
        }
        try:
            async with self._http.stream("POST", "/v2/chat", json=body) as response:
                if not response.is_success:
                    told = (await response.aread()).decode(errors="replace")
                    raise failure_of(Refusal(response.status_code, response.headers, told))
                async for event in events(response.aiter_bytes()):
                    yield _piece(event)
        except BROKEN as error:
            raise no_answer(ModelUnavailable, error) from error

    async def close(self) -> None:
        await self._http.aclose()


def _piece(event: Fields) -> Piece:
    kind, delta = text(event, "type"), child(event, "delta")
    if kind == "content-delta":
        return Piece(text=text(child(child(delta, "message"), "content"), "text"))
    if kind == "message-end":
        return _end(delta)
    return Piece()


def _end(delta: Fields) -> Piece:
    reason, usage = text(delta, "finish_reason"), child(delta, "usage")
    if reason == "ERROR_LIMIT":
        raise ModelContextOverflow(reason)
    if reason not in _FINISHES:
        raise ModelUnavailable("the answer broke off")
    counted = child(usage, "billed_units") or child(usage, "tokens")
    return Piece(
        finish=_FINISHES[reason],
        tokens_in=count(counted, "input_tokens"),
        tokens_out=count(counted, "output_tokens"),
    )
