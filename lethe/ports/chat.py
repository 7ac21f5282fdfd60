"""Generation by a language model. The adapters arrive with the answering chain; the port and its fake are here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A prompt and its bounds. ``temperature`` 0..2."""

    system: str
    user: str
    max_tokens: int = 500
    temperature: float = 0.2


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """A piece of a streamed answer; the last one has ``finish_reason`` and the token counts the vendor reports."""

    text: str
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""
    fingerprint: str = ""


class ChatModel(Protocol):
    """One model of one vendor. Raises ModelUnavailable; never retries by itself (P12)."""

    @property
    def provider(self) -> str:
        """The vendor's name in configuration and provenance."""
        ...

    @property
    def model(self) -> str:
        """The model's name as configured."""
        ...

    def stream(self, request: ChatRequest) -> AsyncIterator[ChatDelta]:
        """The answer as it comes; ends with a delta that has a finish_reason."""
        ...
