"""How near a question is to known attacks, in the local embedding model's space."""

import asyncio
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lethe.answering.sentences import sentences
from lethe.guards.known_attacks import known_attacks
from lethe.ports.embedding import EMBEDDER_FAILURES, Embedder, InputKind

CALIBRATED: Final = frozenset({"all-MiniLM-L6-v2-int8"})
"""The models whose cosines `likeness` was fitted on; of another the bank says nothing."""
_NOTHING: Final = 0.45
_SURE: Final = 0.68
_WHOLE_CHARACTERS: Final = 200
_MAX_PIECES: Final = 8
"""A longer question is also looked at sentence by sentence: an attack may hide behind a story."""


class AttackBank:
    """Embeds the bank once, when it is first asked or warmed up: half a second. An outside embedder is sent nothing."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = asyncio.Lock()
        self._vectors: NDArray[np.float32] | None = None

    async def warm_up(self) -> None:
        """Embed the bank, where the model is one it is calibrated for."""
        async with self._lock:
            if self._vectors is None and self._embedder.spec.model in CALIBRATED:
                self._vectors = await self._embedder.embed(known_attacks(), InputKind.DOCUMENT)

    async def likeness(self, text: str) -> float:
        """0 (like none) .. 1 (as one of them); 0 without an embedder. Costs an embedding, of a long text a few."""
        try:
            await self.warm_up()
            if self._vectors is None:
                return 0.0
            vectors = await self._embedder.embed(_pieces(text), InputKind.QUERY)
        except EMBEDDER_FAILURES:
            return 0.0
        return likeness_of(float((self._vectors @ vectors.T).max()))


def _pieces(text: str) -> list[str]:
    if len(text) <= _WHOLE_CHARACTERS:
        return [text]
    return [text, *(one.text for one in sentences(text, "en"))][: 1 + _MAX_PIECES]


def likeness_of(cosine: float) -> float:
    """The nearest attack's cosine on the scale of the rules' scores."""
    return max(0.0, min(1.0, (cosine - _NOTHING) / (_SURE - _NOTHING)))
