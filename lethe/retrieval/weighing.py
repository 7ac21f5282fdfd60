"""From what passed the gate to what is given: reranked, and for an answer without doubles and above the floor."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from lethe.errors import ProviderNotAllowed
from lethe.model.answers import DegradedReason
from lethe.model.processors import Origin
from lethe.model.traces import Candidate
from lethe.ports.rerank import RERANKER_FAILURES, Reranker
from lethe.ports.search import Overdue, Passage, SearchRequest, never_overdue
from lethe.retrieval.duplicates import without_near_duplicates
from lethe.retrieval.floors import Scorer, floor_of
from lethe.retrieval.gate import Gated
from lethe.retrieval.opening import opened
from lethe.retrieval.timing import elapsed_ms
from lethe.settings import RetrievalSettings


@dataclass(frozen=True, slots=True)
class Judged:
    """A passage and the score that orders it: the reranker's, else the search's."""

    passage: Passage
    score: float
    is_reranked: bool = False

    @property
    def candidate(self) -> Candidate:
        found = self.passage
        reranked = self.score if self.is_reranked else None
        return Candidate(found.chunk_id, found.version_id, found.document_id, found.score, reranked)


@dataclass(frozen=True, slots=True)
class Weighed:
    """``passages`` are given; ``candidates`` were weighed, in the order that came of it."""

    passages: tuple[Passage, ...]
    candidates: tuple[Candidate, ...]
    reasons: tuple[DegradedReason, ...]
    rerank_ms: float | None


@dataclass(frozen=True, slots=True)
class Weigher:
    """No unit of work is open while the reranker is asked."""

    settings: RetrievalSettings
    reranker: Reranker | None
    rerank_seconds: float
    overdue: Overdue = never_overdue

    async def weigh(self, request: SearchRequest, gated: Gated, scorer: Scorer) -> Weighed:
        """At most ``top_k`` passages, best first."""
        reranker = self.reranker if request.rerank else None
        weighed = max(request.top_k, self.settings.candidates if reranker or request.for_answer else 0)
        passages = [opened(survivor, self.overdue) for survivor in gated.survivors[:weighed]]
        if reranker is None:
            order, reasons, rerank_ms = [Judged(each, each.score) for each in passages], (), None
        else:
            started = time.perf_counter()
            order, reasons = await self._reranked(reranker, request, passages)
            rerank_ms = elapsed_ms(started)
        judge = Scorer.RERANKER if any(each.is_reranked for each in order) else scorer
        floor = floor_of(judge, gated.candidates, self.settings)
        return Weighed(
            passages=tuple(self._given(request, order, floor)),
            candidates=tuple(each.candidate for each in order),
            reasons=reasons,
            rerank_ms=rerank_ms,
        )

    def _given(self, request: SearchRequest, order: Sequence[Judged], floor: float) -> list[Passage]:
        if not request.for_answer:
            return [each.passage for each in order[: request.top_k]]
        relevant = (each.passage for each in order if each.score >= floor)
        return list(islice(without_near_duplicates(relevant, self.settings.near_duplicate), request.top_k))

    async def _reranked(
        self, reranker: Reranker, request: SearchRequest, passages: Sequence[Passage]
    ) -> tuple[list[Judged], tuple[DegradedReason, ...]]:
        """Best first; as they were where the reranker failed. A tenant that lets nobody rerank is no reason to tell."""
        as_found = [Judged(each, each.score) for each in passages]
        refs = {*([request.question_id] if request.question_id else []), *(each.document_id for each in passages)}
        origin = Origin(request.tenant_id, frozenset(refs), request.principal_id)
        try:
            async with asyncio.timeout(self.rerank_seconds):
                scores = await reranker.rerank(request.text, [each.text for each in passages], origin)
        except ProviderNotAllowed:
            return as_found, ()
        except RERANKER_FAILURES:
            return as_found, (DegradedReason.RERANKER_DOWN,)
        judged = [Judged(each, score, is_reranked=True) for each, score in zip(passages, scores, strict=True)]
        return sorted(judged, key=lambda each: -each.score), ()
