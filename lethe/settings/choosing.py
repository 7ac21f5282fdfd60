"""What follows from the settings of several sections: who is asked for what."""

from collections.abc import Iterable, Mapping

from lethe.settings.answering import ChainEntry, ModelTier
from lethe.settings.embedding import EmbeddingProvider
from lethe.settings.providers import OutsideProvider, ProviderSettings, VendorSettings

EmbeddingProcessor = tuple[OutsideProvider, ProviderSettings]
"""Who is sent texts to embed, and its section."""


def own_chain(vendors: Mapping[OutsideProvider, VendorSettings]) -> tuple[ChainEntry, ...]:
    """The language models of the providers that have a key."""
    return tuple(
        ChainEntry(provider=provider, model=model, tier=tier)
        for provider, section in vendors.items()
        if section.api_key.get_secret_value()
        for model, tier in _own_models(section).items()
    )


def outside(
    providers: Iterable[EmbeddingProvider], sections: Mapping[str, ProviderSettings]
) -> tuple[EmbeddingProcessor, ...]:
    """Those of the providers of embeddings that are not in this process, each once."""
    names = dict.fromkeys(provider.value for provider in providers)
    return tuple((OutsideProvider(name), sections[name]) for name in names if name in sections)


def _own_models(section: VendorSettings) -> Mapping[str, ModelTier]:
    cheap, strong = section.chat_model, section.chat_model_strong
    tiers = {cheap: ModelTier.ANY} if cheap == strong else {cheap: ModelTier.CHEAP, strong: ModelTier.STRONG}
    return {model: tier for model, tier in tiers.items() if model}
