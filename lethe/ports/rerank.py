"""A model that reads each passage together with the question: slower than a search, and a better judge."""

from collections.abc import Sequence
from typing import Final, Protocol

from lethe.errors import RerankerRefused, RerankerUnavailable
from lethe.model.processors import Origin

RERANKER_FAILURES: Final = (RerankerUnavailable, RerankerRefused, TimeoutError)
"""What a question survives: the order of the search stands, and it is told."""


class Reranker(Protocol):
    """A reranking model."""

    async def rerank(self, question: str, passages: Sequence[str], origin: Origin) -> list[float]:
        """How well each passage answers, 0..1, in the order of the passages.

        Raises RerankerUnavailable (may succeed later), RerankerRefused (will not, or the answer makes no sense),
        ProviderNotAllowed.
        """
        ...
