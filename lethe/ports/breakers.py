"""Circuit breakers: whoever fails again and again is left alone for a while, and then tried by one caller."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from lethe.model.breakers import Phase

WEAVIATE: Final = "store:weaviate"
REDIS: Final = "store:redis"


def chat_breaker(provider: str, model: str) -> str:
    return f"chat:{provider}:{model}"


def embed_breaker(provider: str) -> str:
    return f"embed:{provider}"


def rerank_breaker(provider: str) -> str:
    return f"rerank:{provider}"


@dataclass(frozen=True, slots=True)
class BreakerView:
    """``retry_after``: seconds until a call would be let through, 0 if one would be now."""

    phase: Phase
    retry_after: float


class CallInProgress(Protocol):
    """A call that was let through."""

    def answered(self) -> None:
        """Whom it called is well, however the call ends."""
        ...


class Breakers(Protocol):
    """By name, as made above. Never fails for reasons of its own: without its store it goes on in this process."""

    def call(self, name: str) -> AbstractAsyncContextManager[CallInProgress]:
        """Around one call; raises BreakerOpen instead of making it.

        The block failed if it raises Unavailable, OSError or TimeoutError, or is broken off after the policy's
        patience; any other error is an answer. LedgerUnavailable and ProviderNotAllowed say that no call was made.
        """
        ...

    async def is_open(self, name: str) -> bool:
        """Whether a call would be refused now."""
        ...

    async def states(self) -> Mapping[str, BreakerView]:
        """Every breaker that was used, by name."""
        ...
