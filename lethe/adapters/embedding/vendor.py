"""What one file per vendor implements, and nothing else of the vendor is known outside that file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lethe.ports.embedding import InputKind, Vectors


@dataclass(frozen=True, slots=True)
class Reply:
    """A checked answer: vectors in the order of the texts, and the tokens the vendor counted (0: it did not say)."""

    vectors: Vectors
    tokens: int


class EmbeddingVendor(Protocol):
    """One provider's embedding call: one HTTP request, no retry, no batching."""

    async def request(self, texts: Sequence[str], kind: InputKind) -> Reply:
        """Embed texts none of which is empty.

        Raises EmbedderUnavailable, EmbedderRefused, EmbeddingInvalid; InputTooLong if a text overflows the model.
        """
        ...

    async def close(self) -> None:
        """Release connections."""
        ...
