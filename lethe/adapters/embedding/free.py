"""An embedder for load, fault and speed tests: no model, no cost, the same bits for the same text everywhere.

Refused in production with everything else of the `testing` settings.
"""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from lethe.adapters.embedding.checks import checked
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors

DIMS: Final = 384

# A long run of letters is several tokens, as with a real tokenizer: else a line without a space would be one token.
_TOKEN: Final = re.compile(r"\w{1,12}|[^\w\s]")
_MIX: Final = np.uint32(0x9E3779B1)  # 2^32 / golden ratio, odd: Knuth's multiplicative hash
_GRAM: Final = 4


class FreeTokenizer:
    """A token is up to twelve letters or digits, or one sign."""

    @property
    def max_tokens(self) -> int:
        return 254

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in _TOKEN.finditer(text)]


class FreeEmbedder:
    """Counts runs of four bytes, each hashed to one of 384 dimensions and a sign: near if spelt alike.

    Tens of microseconds for a text of 1,000 characters. Each ``revision`` hashes otherwise: another model.
    """

    def __init__(self, revision: int = 1) -> None:
        self._revision = revision

    @property
    def spec(self) -> EmbeddingSpec:
        return EmbeddingSpec(model="free", revision=str(self._revision), dims=DIMS, preprocessing="spelling")

    @property
    def tokenizer(self) -> FreeTokenizer:
        return FreeTokenizer()

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        """Neither ``kind`` nor ``origin`` makes a difference."""
        vectors = np.empty((len(texts), DIMS), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = spelling(text, self._revision)
        return checked(vectors, count=len(texts), dims=DIMS)

    async def warm_up(self) -> None:
        """Nothing to load."""


def spelling(text: str, revision: int = 1) -> np.ndarray:
    """Signed counts of the text's runs of four bytes, shape (384,); never all zero."""
    octets = np.frombuffer(f"\0\0\0{text.lower()}\0".encode(), np.uint8).astype(np.uint32)
    grams = octets[: len(octets) - _GRAM + 1].copy()
    for offset in range(1, _GRAM):
        grams = grams << 8 | octets[offset : len(octets) - _GRAM + 1 + offset]
    mixed = grams * (_MIX + np.uint32(2 * (revision - 1)))
    signs = 1.0 - 2.0 * (mixed >> 31)
    counts = np.bincount((mixed >> 8) % DIMS, weights=signs, minlength=DIMS)
    return counts if counts.any() else np.eye(1, DIMS)[0]
