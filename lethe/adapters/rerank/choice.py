"""The reranker the settings ask for."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from lethe.adapters.breakers import GuardedReranker
from lethe.errors import ConfigurationError
from lethe.ports.breakers import Breakers, rerank_breaker
from lethe.ports.rerank import Reranker
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import RerankProvider, Settings


@asynccontextmanager
async def open_reranker(
    settings: Settings, calls: ProcessorLedger, breakers: Breakers
) -> AsyncGenerator[Reranker | None]:
    """Behind its breaker, closed at the end; None where none is configured. Raises ConfigurationError without a key."""
    if settings.rerank.provider is RerankProvider.NONE:
        yield None
        return
    if not settings.cohere.api_key.get_secret_value() and not settings.cohere.base_url:
        raise ConfigurationError("rerank.provider needs cohere.api_key")
    from lethe.adapters.rerank.cohere import CohereReranker  # noqa: PLC0415  (0.6 s of CPU to import)

    reranker = CohereReranker(settings.cohere, calls, settings.rerank.passage_characters)
    try:
        yield GuardedReranker(reranker, breakers, rerank_breaker(settings.rerank.provider))
    finally:
        await reranker.close()
