"""nDCG@10 and recall@100 of rankings of documents against what was judged."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.relevance import ndcg

NDCG_DEPTH = 10
RECALL_DEPTH = 100

Judged = Mapping[str, Mapping[str, int]]
"""For each question the score of each relevant document."""
Rankings = Mapping[str, Sequence[str]]
"""For each question its documents, best first, each once."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over all judged questions."""

    ndcg: float
    recall: float

    @property
    def figures(self) -> dict[str, float]:
        return {"ndcg@10": round(self.ndcg, 4), "recall@100": round(self.recall, 4)}


def quality(rankings: Rankings, judged: Judged) -> Quality:
    """Over the questions that were asked."""
    return Quality(
        fmean(ndcg(list(ranked), dict(judged[question]), NDCG_DEPTH) for question, ranked in rankings.items()),
        fmean(_recall(ranked, judged[question]) for question, ranked in rankings.items()),
    )


def distinct(documents: Iterable[str]) -> list[str]:
    """Each at its best place: a document ranks as its best chunk does."""
    return list(dict.fromkeys(documents))


def _recall(ranked: Sequence[str], relevant: Mapping[str, int]) -> float:
    return len(relevant.keys() & set(ranked[:RECALL_DEPTH])) / len(relevant)
