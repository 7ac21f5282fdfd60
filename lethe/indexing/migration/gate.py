"""Whether a build is good enough to serve, from figures alone."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean, median
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
    ``cited``: by an answer that somebody liked, which was made of what an older build found: it may not be better.

    Milliseconds include the embedding of the question.
    """

    relevant: frozenset[Id]
    before: Sequence[Hit]
    after: Sequence[Hit]
    ms_before: float
    ms_after: float
    cited: frozenset[Id] = frozenset()


def figures(shadows: Sequence[Shadow]) -> GateFigures:
    """What the shadows say together."""
    judged = [each for each in shadows if each.relevant]
    overlaps = [overlap(each) for each in shadows if each.before]
    kept = [share for each in shadows if (share := cited_kept(each)) is not None]
    before, after = [each.ms_before for each in shadows], [each.ms_after for each in shadows]
    return GateFigures(
        questions=len(shadows),
        judged=len(judged),
        ndcg_before=_mean([ndcg(each.before, each.relevant) for each in judged]),
        ndcg_after=_mean([ndcg(each.after, each.relevant) for each in judged]),
        overlap=_mean(overlaps),
        liked=len(kept),
        cited_kept=_mean(kept),
        median_ms_before=median(before or [0.0]),
        median_ms_after=median(after or [0.0]),
        p95_ms_before=p95(before),
        p95_ms_after=p95(after),
    )


def failures(report: MigrationReport, settings: MigrationSettings, *, is_same_model: bool) -> list[str]:
    """Codes of what is not good enough, the surest first; none: it may serve."""
    found = report.figures
    is_judged = found.judged >= settings.judged_least
    least = settings.overlap_same if is_same_model else settings.overlap_other
    is_cited = found.cited_kept is not None and found.liked >= settings.judged_least
    reasons = {
        "vectors_missing": report.missing > 0,
        "vectors_left": report.left > 0,
        "vectors_foreign": report.foreign > 0,
        "vectors_broken": report.broken > 0,
        "vectors_moved": report.moved > 0,
        "vectors_of_another_model": report.sample_failed > 0,
        # Of what is deleted meanwhile the sample loses a few.
        "vectors_unsampled": report.sampled * 2 < min(report.vectors, settings.sample_chunks) - report.withheld,
        "ndcg_lower": is_judged and _lost(found) > settings.ndcg_loss,
        "overlap_low": (is_same_model or not is_judged) and found.overlap is not None and found.overlap < least,
        "cited_lost": is_cited and (found.cited_kept or 0.0) < settings.cited_least,
        "slower": found.median_ms_after > max(settings.latency_free_ms, _slowest(found, settings)),
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


def cited_kept(shadow: Shadow) -> float | None:
    """Of the cited documents that were found before, the share found again; None where there are none."""
    before = shadow.cited.intersection(hit.document_id for hit in shadow.before)
    return len(before.intersection(hit.document_id for hit in shadow.after)) / len(before) if before else None


def p95(values: Sequence[float]) -> float:
    """The 95th percentile by nearest rank; 0 of nothing."""
    return sorted(values)[math.ceil(0.95 * len(values)) - 1] if values else 0.0


def _lost(found: GateFigures) -> float:
    return (found.ndcg_before or 0.0) - (found.ndcg_after or 0.0)


def _slowest(found: GateFigures, settings: MigrationSettings) -> float:
    return settings.latency_factor * found.median_ms_before


def _discount(place: int) -> float:
    return 1 / math.log2(place + 2)


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
