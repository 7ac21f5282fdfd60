"""Whether a build is good enough to serve, from figures alone."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from lethe.contracts.migrations import GateFigures, MigrationReport
from lethe.model.ids import Id
from lethe.ports.vectors import Hit
from lethe.settings import MigrationSettings

DEPTH: Final = 10
"""How many of the best passages are compared."""


@dataclass(frozen=True, slots=True)
class Shadow:
    """One question, asked of both builds. ``relevant``: documents that answer it; empty where nobody said.

    Milliseconds include the embedding of the question.
    """

    relevant: frozenset[Id]
    before: Sequence[Hit]
    after: Sequence[Hit]
    ms_before: float
    ms_after: float


def figures(shadows: Sequence[Shadow]) -> GateFigures:
    """What the shadows say together."""
    judged = [each for each in shadows if each.relevant]
    overlaps = [overlap(each) for each in shadows if each.before]
    return GateFigures(
        questions=len(shadows),
        judged=len(judged),
        ndcg_before=_mean([ndcg(each.before, each.relevant) for each in judged]),
        ndcg_after=_mean([ndcg(each.after, each.relevant) for each in judged]),
        overlap=_mean(overlaps),
        p95_ms_before=p95([each.ms_before for each in shadows]),
        p95_ms_after=p95([each.ms_after for each in shadows]),
    )


def failures(report: MigrationReport, settings: MigrationSettings, *, is_same_model: bool) -> list[str]:
    """Codes of what is not good enough, the surest first; none: it may serve."""
    found = report.figures
    is_judged = found.judged >= settings.judged_least
    least = settings.overlap_same if is_same_model else settings.overlap_other
    reasons = {
        "vectors_foreign": report.foreign > 0,
        "vectors_broken": report.broken > 0,
        "vectors_moved": report.moved > 0,
        "vectors_of_another_model": report.sample_failed > 0,
        "ndcg_lower": is_judged and _lost(found) > settings.ndcg_loss,
        "overlap_low": (is_same_model or not is_judged) and found.overlap is not None and found.overlap < least,
        "slower": found.p95_ms_after > max(settings.latency_free_ms, settings.latency_factor * found.p95_ms_before),
    }
    return [code for code, is_so in reasons.items() if is_so]


def ndcg(hits: Sequence[Hit], relevant: Collection[Id]) -> float:
    """nDCG@10 of the documents in the order of their best passages; each is relevant or not."""
    ranked = list(dict.fromkeys(hit.document_id for hit in hits))[:DEPTH]
    gained = sum(_discount(place) for place, document_id in enumerate(ranked) if document_id in relevant)
    best = sum(_discount(place) for place in range(min(DEPTH, len(relevant))))
    return gained / best if best else 0.0


def overlap(shadow: Shadow) -> float:
    """The share of the passages found before that are found again."""
    before = {hit.chunk_id for hit in shadow.before[:DEPTH]}
    return len(before.intersection(hit.chunk_id for hit in shadow.after[:DEPTH])) / len(before)


def p95(values: Sequence[float]) -> float:
    """The 95th percentile by nearest rank; 0 of nothing."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1] if values else 0.0


def _lost(found: GateFigures) -> float:
    return (found.ndcg_before or 0.0) - (found.ndcg_after or 0.0)


def _discount(place: int) -> float:
    return 1 / math.log2(place + 2)


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
