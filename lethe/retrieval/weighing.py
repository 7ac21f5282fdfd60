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
from lethe.retrieval.gate import Gated, Survivor
from lethe.retrieval.opening import opened
from lethe.retrieval.timing import elapsed_ms
from lethe.settings import RetrievalSettings


@dataclass(frozen=True, slots=True)
class Judged:
    """What passed the gate, and the score that orders it: the reranker's, else the search's."""

    survivor: Survivor
    score: float
    is_reranked: bool = False

    @property
    def candidate(self) -> Candidate:
        chunk, reranked = self.survivor.row.chunk, self.score if self.is_reranked else None
        return Candidate(chunk.id, chunk.version_id, chunk.document_id, self.survivor.hit.score, reranked)


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
        """At most ``top_k`` passages, best first. None is opened but for the reranker, or to be given."""
        reranker = self.reranker if request.rerank else None
        weighed = max(request.top_k, self.settings.candidates if reranker or request.for_answer else 0)
        order, reasons, rerank_ms = [Judged(each, each.hit.score) for each in gated.survivors[:weighed]], (), None
        if reranker is not None:
            started = time.perf_counter()
            order, reasons = await self._reranked(reranker, request, order)
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
            return [self._opened(each) for each in order[: request.top_k]]
        relevant = (self._opened(each) for each in order if each.score >= floor)
        return list(islice(without_near_duplicates(relevant, self.settings.near_duplicate), request.top_k))

    def _opened(self, judged: Judged) -> Passage:
        return opened(judged.survivor, self.overdue)

    async def _reranked(
        self, reranker: Reranker, request: SearchRequest, as_found: list[Judged]
    ) -> tuple[list[Judged], tuple[DegradedReason, ...]]:
        """Best first; as they were where the reranker failed. A tenant that lets nobody rerank is no reason to tell."""
        passages = [self._opened(each) for each in as_found]
        refs = {*([request.question_id] if request.question_id else []), *(each.document_id for each in passages)}
        origin = Origin(request.tenant_id, frozenset(refs), request.principal_id)
        try:
            async with asyncio.timeout(self.rerank_seconds):
                scores = await reranker.rerank(request.text, [each.text for each in passages], origin)
        except ProviderNotAllowed:
            return as_found, ()
        except RERANKER_FAILURES:
            return as_found, (DegradedReason.RERANKER_DOWN,)
        judged = [Judged(each.survivor, score, is_reranked=True) for each, score in zip(as_found, scores, strict=True)]
        return sorted(judged, key=lambda each: -each.score), ()
