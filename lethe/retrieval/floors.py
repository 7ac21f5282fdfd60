"""Below which score a passage is not worth an answer; each scorer has a scale of its own."""

from enum import StrEnum
from typing import Final

from lethe.settings import RetrievalSettings


class Scorer(StrEnum):
    """What made a score. Those of words and fused ones are relative to the question's best."""

    FUSED = "fused"
    COSINE = "cosine"
    WORDS = "words"
    RERANKER = "reranker"


_RELATIVE: Final = frozenset({Scorer.FUSED, Scorer.WORDS})


def floor_of(scorer: Scorer, hits: int, settings: RetrievalSettings) -> float:
    """The least score that is given to an answer.

    Where a search found fewer ``hits`` than are weighed, being far behind the best says nothing: a fused score is 0 for
    the last of five as for the last of fifty.
    """
    if scorer in _RELATIVE and hits < settings.candidates:
        return 0.0
    return {
        Scorer.FUSED: settings.floor_fused,
        Scorer.COSINE: settings.floor_cosine,
        Scorer.WORDS: settings.floor_words,
        Scorer.RERANKER: settings.floor_reranker,
    }[scorer]
