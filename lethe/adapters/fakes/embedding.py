"""A free embedder: no model, no cost, the same vector for the same text in every process."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from lethe.errors import EmbedderUnavailable
from lethe.model.indexes import EmbeddingSpec
from lethe.model.processors import Origin
from lethe.model.terms import index_terms
from lethe.ports.embedding import InputKind, Vectors

DIMS: Final = 384

_WORD: Final = re.compile(r"\S+")


class WhitespaceTokenizer:
    """A token is a run of anything but white space."""

    @property
    def max_tokens(self) -> int:
        return 254

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in _WORD.finditer(text)]


class HashEmbedder:
    """A bag of stems, each hashed to one of 384 dimensions and a sign: near if and only if words are shared.

    ``is_down`` makes it fail as a provider does; ``texts`` is everything it was asked to embed, ``origins`` for whom.
    Each ``seed`` hashes otherwise: another model of as many dimensions.
    """

    def __init__(self, seed: str = "") -> None:
        self.seed = seed
        self.is_down = False
        self.texts: list[str] = []
        self.origins: list[Origin | None] = []

    @property
    def spec(self) -> EmbeddingSpec:
        return EmbeddingSpec(model="hashed-stems", revision=f"1{self.seed}", dims=DIMS, preprocessing="terms")

    @property
    def tokenizer(self) -> WhitespaceTokenizer:
        return WhitespaceTokenizer()

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        """Neither ``kind`` nor ``origin`` makes a difference to this model."""
        if self.is_down:
            raise EmbedderUnavailable
        self.texts.extend(texts)
        self.origins.append(origin)
        vectors = np.zeros((len(texts), DIMS), np.float32)
        for row, text in enumerate(texts):
            for term in index_terms(text, "en").split():
                salted = hashlib.blake2b(term.encode(), digest_size=8, salt=self.seed.encode())
                digest = int.from_bytes(salted.digest(), "big")
                vectors[row, digest % DIMS] += 1 if digest >> 63 else -1
            if not vectors[row].any():
                vectors[row, 0] = 1  # a text without a term still has a direction
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    async def warm_up(self) -> None:
        """Nothing to load."""
