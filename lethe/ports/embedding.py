"""From text to vectors."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lethe.errors import (
    EmbedderRefused,
    EmbedderUnavailable,
    EmbeddingInvalid,
    EmbeddingModelChanged,
    ProviderNotAllowed,
)
from lethe.model.answers import DegradedReason
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Origin

Vectors = NDArray[np.float32]
"""Shape (n, dims), each row of Euclidean norm 1."""


EMBEDDER_FAILURES: Final = (
    EmbedderUnavailable,
    EmbedderRefused,
    EmbeddingInvalid,
    EmbeddingModelChanged,
    ProviderNotAllowed,
    TimeoutError,
)
"""What a question survives: it is then answered by words alone, and says so. An audit leaves such holes."""


def degraded_by(error: Exception) -> DegradedReason:
    """What the one who asked is told of such a failure."""
    if isinstance(error, ProviderNotAllowed):
        return DegradedReason.PROVIDER_NOT_ALLOWED
    return DegradedReason.EMBEDDER_DOWN


class InputKind(StrEnum):
    """Some models embed a question differently from a passage."""

    DOCUMENT = "document"
    QUERY = "query"


class Tokenizer(Protocol):
    """The embedder's own tokenizer, so that a chunk never overflows its model."""

    @property
    def max_tokens(self) -> int:
        """How many tokens of content one input may have (special tokens not counted)."""
        ...

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """The [start, end) character offsets of each token of the text, in order, uncut."""
        ...


class Embedder(Protocol):
    """An embedding model."""

    @property
    def spec(self) -> EmbeddingSpec:
        """What its vectors may be compared with."""
        ...

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer."""
        ...

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        """Embed texts, in order. An outside provider is sent nothing without an ``origin``; ValueError then.

        Raises EmbedderUnavailable (may succeed later), EmbedderRefused (will not), EmbeddingInvalid (count, dimension,
        a value that is not finite, length 0), ProviderNotAllowed.
        """
        ...

    async def warm_up(self) -> None:
        """Load what the first text would otherwise wait for. Asks nobody outside this process."""
        ...


def model_of(spec: str, *embedders: Embedder) -> Embedder | None:
    """The one whose vectors may be compared with those of the spec; None where nobody here can ask that model."""
    return next((each for each in embedders if each.spec.key == spec), None)
