"""Settings of generated answers: which models, in which order, at what price, within which limits."""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from lethe.settings.base import Section
from lethe.settings.providers import OutsideProvider


class ModelTier(StrEnum):
    """What a model is good for: `cheap` for simple questions, `strong` for the others, `any` for both."""

    CHEAP = "cheap"
    STRONG = "strong"
    ANY = "any"


class ChainEntry(Section):
    """A model of the chain; as a string `provider:model` or `provider:model:tier`."""

    provider: OutsideProvider
    model: Annotated[str, Field(min_length=1, max_length=200)]
    tier: ModelTier = ModelTier.ANY
    deployment: str = ""
    """On Azure; empty: of the model's name."""
    context_tokens: Annotated[int, Field(ge=512)] = 128_000
    """Prompt and answer together."""

    @property
    def name(self) -> str:
        """As prices and breakers know it."""
        return f"{self.provider}:{self.model}"

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        provider, _, model = value.partition(":")
        name, _, tier = model.rpartition(":")
        if name and tier in set(ModelTier):
            return {"provider": provider, "model": name, "tier": tier}
        return {"provider": provider, "model": model}


class Price(Section):
    """What a model costs, in millionths of `answering.currency`. ``name`` is `provider:model`."""

    name: str
    input_micros: Annotated[int, Field(ge=0)] = 0
    """For a million tokens sent."""
    output_micros: Annotated[int, Field(ge=0)] = 0
    """For a million tokens received."""
    call_micros: Annotated[int, Field(ge=0)] = 0
    """For a call, as rerankers are charged."""

    def __str__(self) -> str:
        """As docs/configuration.md shows a default."""
        return f"{self.name} {self.input_micros}/{self.output_micros}/{self.call_micros}"


_PRICES: Final = (
    Price(name="openai:gpt-4o-mini", input_micros=150_000, output_micros=600_000),
    Price(name="openai:gpt-4o", input_micros=2_500_000, output_micros=10_000_000),
    Price(name="openai:text-embedding-3-small", input_micros=20_000),
    Price(name="cohere:command-r7b-12-2024", input_micros=37_500, output_micros=150_000),
    Price(name="cohere:command-a-03-2025", input_micros=2_500_000, output_micros=10_000_000),
    Price(name="cohere:embed-v4.0", input_micros=120_000),
    Price(name="cohere:rerank-v3.5", call_micros=2_000),
    Price(name="anthropic:claude-haiku-4-5", input_micros=1_000_000, output_micros=5_000_000),
    Price(name="anthropic:claude-sonnet-4-6", input_micros=3_000_000, output_micros=15_000_000),
)


class AnsweringSettings(Section):
    """Answers by language models. Without a model, or switched off, answers are sentences of the documents."""

    generate: bool = True
    """Whether models are asked at all."""
    chain: tuple[ChainEntry, ...] = ()
    """Models in the order they are tried, as `["openai:gpt-4o-mini:cheap", "cohere:command-a-03-2025"]` or as objects
    with `provider`, `model`, `tier`, `deployment`, `context_tokens`; empty: those of every provider that has a key."""
    first_token_seconds: Annotated[float, Field(gt=0)] = 10.0
    """How long a model may take to its first token."""
    idle_seconds: Annotated[float, Field(gt=0)] = 5.0
    """How long it may pause between two."""
    call_seconds: Annotated[float, Field(gt=0)] = 25.0
    """How long its whole answer may take, however steadily it comes."""
    max_tokens: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Longest answer."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.2
    """How freely a model may word it."""
    context_tokens: Annotated[int, Field(ge=100)] = 2_000
    """Most tokens of passages a model is given."""
    compress_context: bool = True
    """Whether sentences of the passages that say nothing about the question are left out."""
    prompt: str = "answer-v2"
    """Name of the prompt; an earlier one brings back its answers. Provenance tells it with a hash of its text."""
    currency: Annotated[str, Field(pattern=r"[A-Z]{3}")] = "USD"
    """Of the prices."""
    prices: tuple[Price, ...] = _PRICES
    """Of language models, embedding models and rerankers, as objects with `name` (`provider:model`), `input_micros`,
    `output_micros` and `call_micros`: millionths for a million tokens sent, received, and for a call. One that is not
    listed costs nothing."""

    def price(self, name: str) -> Price:
        """Of `provider:model`."""
        return next((price for price in self.prices if price.name == name), Price(name=name))

    @model_validator(mode="after")
    def _each_model_once(self) -> Self:
        names = [entry.name for entry in self.chain]
        if len(names) != len(set(names)):
            raise ValueError("answering.chain names a model twice")
        return self
