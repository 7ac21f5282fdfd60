"""What the groundedness score is worth on pairs whose truth is known."""

from collections.abc import Callable, Sequence
from typing import Any

from bench.grounding.pairs import SUPPORTED, Kind, Pair
from lethe.answering.grounding import Claim, Source, check

THRESHOLD = 0.5


def scores_of(made: Sequence[Pair], similarity: Callable[[Pair], float] | None = None) -> list[float]:
    """The score of each pair's sentence against its passage."""
    return [
        check(
            [Claim(pair.sentence, (1,))],
            {1: Source(pair.passage, pair.headings)},
            similarities=(similarity(pair),) if similarity else (),
        ).score
        for pair in made
    ]


def figures_of(made: Sequence[Pair], scores: Sequence[float]) -> dict[str, Any]:
    """Recall of what is not supported, by kind; how much of what is supported is flagged; the areas under ROC."""
    by_kind = {kind: [score for pair, score in zip(made, scores, strict=True) if pair.kind is kind] for kind in Kind}
    good = [score for kind in SUPPORTED for score in by_kind[kind]]
    figures: dict[str, Any] = {"pairs": len(made)}
    for kind in Kind:
        below = _share_below(by_kind[kind])
        name = f"{kind}_flagged" if kind in SUPPORTED else f"{kind}_recall"
        figures[name] = round(below, 3)
    hard = [score for pair, score in zip(made, scores, strict=True) if pair.how == "same_passage"]
    figures["number_swapped_within_passage_recall"] = round(_share_below(hard), 3)
    bad = [score for kind in Kind if kind not in SUPPORTED for score in by_kind[kind]]
    figures["auc"] = round(area(good, bad), 4)
    for kind in Kind:
        if kind not in SUPPORTED:
            figures[f"auc_{kind}"] = round(area(good, by_kind[kind]), 4)
    return figures


def area(good: Sequence[float], bad: Sequence[float]) -> float:
    """The chance that a supported sentence scores above an unsupported one; a tie counts half."""
    won = sum((one > other) + 0.5 * (one == other) for one in good for other in bad)
    return won / (len(good) * len(bad))


def _share_below(scores: Sequence[float]) -> float:
    return sum(score < THRESHOLD for score in scores) / len(scores) if scores else 0.0
