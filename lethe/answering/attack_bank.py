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
    """Embeds the bank once, when it is first asked or warmed up: half a second. An outside embedder is sent nothing.

    ``seconds``: how long a question waits for its embeddings before the rules alone decide.
    """

    def __init__(self, embedder: Embedder, seconds: float = 2.0) -> None:
        self._embedder = embedder
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._vectors: NDArray[np.float32] | None = None

    async def warm_up(self) -> None:
        """Embed the bank, where the model is one it is calibrated for."""
        async with self._lock:
            if self._vectors is None and self._embedder.spec.model in CALIBRATED:
                self._vectors = await self._embedder.embed(known_attacks(), InputKind.DOCUMENT)

    async def likeness(self, text: str, vector: NDArray[np.float32] | None = None) -> float:
        """0 (like none) .. 1 (as one of them); 0 without an embedder.

        ``vector``: the text's own, if it is known. What else is embedded: sentences of a long text.
        """
        known = [] if vector is None else [vector]
        pieces = _parts(text) if known else [text, *_parts(text)]
        try:
            await self.warm_up()
            async with asyncio.timeout(self._seconds):
                if pieces and self._vectors is not None:
                    known += list(await self._embedder.embed(pieces, InputKind.QUERY))
        except EMBEDDER_FAILURES:
            pass
        if self._vectors is None or not known:
            return 0.0
        return likeness_of(float((self._vectors @ np.stack(known).T).max()))


def _parts(text: str) -> list[str]:
    """The sentences of a text too long to be looked at as a whole only."""
    return [] if len(text) <= _WHOLE_CHARACTERS else [one.text for one in sentences(text, "en")][:_MAX_PIECES]


def likeness_of(cosine: float) -> float:
    """The nearest attack's cosine on the scale of the rules' scores."""
    return max(0.0, min(1.0, (cosine - _NOTHING) / (_SURE - _NOTHING)))
