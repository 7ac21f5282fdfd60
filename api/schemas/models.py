"""Language models on the wire."""

from api.schemas.base import Given
from lethe.model.breakers import Phase
from lethe.settings import ModelTier


class BreakerOut(Given):
    """``retry_after``: seconds until a call would be let through."""

    phase: Phase
    retry_after: float


class PriceOut(Given):
    """In millionths of the currency: for a million tokens sent and received, and for a call."""

    name: str
    input_micros: int
    output_micros: int
    call_micros: int


class ModelOut(Given):
    """A model of the chain. ``is_allowed``: the tenant lets its provider have its texts."""

    provider: str
    model: str
    tier: ModelTier
    context_tokens: int
    is_allowed: bool
    breaker: BreakerOut
    price: PriceOut


class ModelsOut(Given):
    """``chain``: in the order it is tried; empty where answers are sentences of the documents.

    ``breakers``: of every provider and store; ``prices``: of models outside the chain too.
    """

    chain: list[ModelOut]
    prompt: str
    embedding_spec: str
    breakers: dict[str, BreakerOut]
    currency: str
    prices: list[PriceOut]
