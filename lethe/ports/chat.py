"""Generation by a language model."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final, Protocol

from lethe.model.processors import Origin

STOP: Final = "stop"
LENGTH: Final = "length"
"""Cut at ``max_tokens``."""
REFUSAL: Final = "refusal"
"""The model or the vendor's filter will not say it. No error: what came before is no answer either."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A prompt and its bounds. ``temperature`` 0..2. An outside provider is sent nothing without an ``origin``."""

    system: str
    user: str
    max_tokens: int = 500
    temperature: float = 0.2
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class ChatDelta:
    """A piece of a streamed answer; the last one has ``finish_reason`` and the token counts the vendor reports.

    ``finish_reason``: STOP, LENGTH or REFUSAL. ``is_estimated``: the vendor did not count, we did. ``model`` is the
    name the vendor gave, ``fingerprint`` its mark of the weights and configuration behind it.
    """

    text: str
    finish_reason: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    model: str = ""
    fingerprint: str = ""
    is_estimated: bool = False


class ChatModel(Protocol):
    """One model of one vendor. One attempt a call, never another by itself (P12).

    Raises, before the first piece or at any later one: ModelUnavailable (ModelRateLimited for 429), ModelMisconfigured
    (ModelBudget), ModelContextOverflow, ProviderNotAllowed, BreakerOpen; ValueError without an origin.
    """

    @property
    def provider(self) -> str:
        """The vendor's name in configuration and provenance."""
        ...

    @property
    def model(self) -> str:
        """The model's name as configured."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta]:
        """The answer as it comes; ends with a delta that has a finish_reason. Close it if you stop before."""
        ...
