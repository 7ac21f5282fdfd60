"""Embedders of outside providers that talk to the stand-in."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from lethe.adapters.clock import SystemClock
from lethe.adapters.embedding.choice import open_embedder
from lethe.adapters.sql import SqlLedger
from lethe.model.ids import new_id
from lethe.model.processors import Origin
from lethe.privacy.processors import EmbedderFor, ProcessorLedger
from lethe.settings import (
    AnsweringSettings,
    AzureSettings,
    CohereSettings,
    EmbeddingProvider,
    EmbeddingSettings,
    OpenAiSettings,
    Settings,
)
from tests.contract.ledger_rows import add_tenant
from tests.servers.embedding_provider import EmbeddingProvider as StandIn

PROVIDERS = (EmbeddingProvider.OPENAI, EmbeddingProvider.AZURE, EmbeddingProvider.COHERE)


def provider_settings(provider: EmbeddingProvider, stand_in: StandIn, **changed: Any) -> dict[str, Any]:
    """Parts of the settings that make Lethe ask the stand-in; ``changed`` are fields of the provider's section."""
    common: dict[str, Any] = {"api_key": stand_in.key, "embedding_dims": stand_in.dims, "timeout_seconds": 5.0}
    section, address = {
        EmbeddingProvider.OPENAI: (OpenAiSettings, f"{stand_in.url}/v1"),
        EmbeddingProvider.AZURE: (AzureSettings, stand_in.url),
        EmbeddingProvider.COHERE: (CohereSettings, stand_in.url),
    }[provider]
    return {
        "embedding": EmbeddingSettings(provider=provider),
        "answering": AnsweringSettings(generate=False),  # the stand-in knows no language model
        provider.value: section.model_validate({"base_url": address, **common, **changed}),
    }


@asynccontextmanager
async def remote_embedder(
    provider: EmbeddingProvider, stand_in: StandIn, base: Settings, **changed: Any
) -> AsyncGenerator[EmbedderFor]:
    """On behalf of a new tenant of the ledger that ``base`` names, about a document of its own."""
    settings = base.model_copy(update=provider_settings(provider, stand_in, **changed))
    ledger = SqlLedger.from_settings(settings)
    try:
        async with open_embedder(settings, ProcessorLedger(ledger, SystemClock())) as embedder:
            yield EmbedderFor(embedder, Origin(await add_tenant(ledger), frozenset({new_id()})))
    finally:
        await ledger.close()
