"""A reranker in process: passages by how many of the question's words they have."""

from collections.abc import Sequence

from lethe.errors import RerankerUnavailable
from lethe.model.processors import Origin


class OverlapReranker:
    """ports.rerank.Reranker. ``is_down`` makes it fail as a provider does; ``asked`` is what it was given."""

    def __init__(self) -> None:
        self.is_down = False
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def rerank(self, question: str, passages: Sequence[str], origin: Origin) -> list[float]:
        if self.is_down:
            raise RerankerUnavailable
        self.asked.append((question, tuple(passages)))
        words = set(question.casefold().split())
        return [len(words & set(passage.casefold().split())) / max(1, len(words)) for passage in passages]
