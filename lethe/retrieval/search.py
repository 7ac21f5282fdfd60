"""Hybrid search over what the caller may read: /v1/search and the retrieve step of a question are this."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lethe.errors import IndexUnavailable
from lethe.model.answers import DegradedReason
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.model.processors import Origin
from lethe.model.terms import query_terms
from lethe.model.traces import Trace
from lethe.ports.embedding import EMBEDDER_FAILURES, Embedder, InputKind, degraded_by
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.rerank import Reranker
from lethe.ports.search import Found, Passage, SearchRequest
from lethe.ports.vectors import Hit, HybridQuery, VectorIndex
from lethe.retrieval.calibration import knows_any
from lethe.retrieval.floors import Scorer
from lethe.retrieval.gate import Gate, Gated, Reading, search_and_gate
from lethe.retrieval.ladder import VECTOR_STORE_FAILURES, KeywordRung, KnownVectors
from lethe.retrieval.languages import question_languages
from lethe.retrieval.neighbours import neighbours
from lethe.retrieval.opening import opened
from lethe.retrieval.ranking import Rank, by_vectors, words_first
from lethe.retrieval.timing import elapsed_ms
from lethe.retrieval.weighing import Weigher
from lethe.settings import RetrievalSettings
from lethe.telemetry import RETRIEVAL_LATENCY


@dataclass(frozen=True, slots=True)
class Search:
    """A PassageSearch. No unit of work is open while the embedder, the index or the key ring is asked."""

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    embedder: Embedder
    settings: RetrievalSettings
    words: KeywordRung
    reranker: Reranker | None = None
    rerank_seconds: float = 1.5
    known: KnownVectors = field(default_factory=KnownVectors)

    async def find(self, request: SearchRequest) -> Found:
        """See PassageSearch. Keywords alone where the embedder fails, or fits another model's build.

        The keyword build where the vector store does not answer, or is not asked because it has not for a while.
        """
        started = time.perf_counter()
        build = await self._active_build(request.tenant_id)
        if build is None:
            return Found((), (), None, {"total": elapsed_ms(started)})
        embedding = time.perf_counter()
        is_left_alone = await self.words.is_next()
        vector, reasons = (None, []) if is_left_alone else await self._vector(request, build)
        timings = {"embed": elapsed_ms(embedding)}
        try:
            if is_left_alone:
                raise IndexUnavailable
            rank, scorer = self._rank(request, build, vector)
            gated = await self._gated(request, rank)
        except VECTOR_STORE_FAILURES:
            reasons.append(DegradedReason.VECTOR_STORE_DOWN)
            build, scorer = await self.words.build(request.tenant_id), Scorer.WORDS
            gated = await self._gated(request, self.words.rank(build, self._query(request, None)))
        if gated.is_exhausted:
            reasons.append(DegradedReason.INDEX_LAGGING)
        weighed = await Weigher(self.settings, self.reranker, self.rerank_seconds).weigh(request, gated, scorer)
        timings |= gated.timings_ms
        if weighed.rerank_ms is not None:
            timings["rerank"] = weighed.rerank_ms
        timings["total"] = elapsed_ms(started)
        RETRIEVAL_LATENCY.observe(timings["total"] / 1000)
        trace = Trace((request.text,), weighed.candidates)
        return Found(weighed.passages, (*reasons, *weighed.reasons), build.id, timings, trace)

    async def _gated(self, request: SearchRequest, rank: Rank) -> Gated:
        return await search_and_gate(
            rank,
            self._gate,
            Reading(request.tenant_id, request.readers, request.seq),
            wanted=request.top_k,
            limits=self.settings.gate_limits,
        )

    def _rank(
        self, request: SearchRequest, build: IndexBuild, vector: NDArray[np.float32] | None
    ) -> tuple[Rank, Scorer]:
        query = self._query(request, vector)
        is_foreign = (
            request.alpha is None
            and 0 < query.alpha < 1
            and not knows_any(self.embedder.spec.model, question_languages(request.text))
        )
        if is_foreign and self.settings.words_first:
            return words_first(self.index, build, [query]), Scorer.WORDS
        scorer = {0.0: Scorer.WORDS, 1.0: Scorer.COSINE}.get(query.alpha, Scorer.FUSED)
        return by_vectors(self.index, build, [query]), scorer

    def _query(self, request: SearchRequest, vector: NDArray[np.float32] | None) -> HybridQuery:
        alpha = self.settings.alpha if request.alpha is None else request.alpha
        return HybridQuery(
            terms=query_terms(request.text, question_languages(request.text)),
            vector=vector,
            alpha=alpha if vector is not None else 0.0,
            limit=self.settings.gate_limits[0],
            readers=request.readers,
            attributes=request.attributes,
        )

    async def reopen(
        self, tenant_id: Id, scores: Mapping[Id, float], *, seq: int, readers: frozenset[Id]
    ) -> list[Passage]:
        """See PassageSearch."""
        hits = [Hit(chunk_id, version_id="", document_id="", score=score) for chunk_id, score in scores.items()]
        return [opened(survivor) for survivor in await self._gate.admit(tenant_id, hits, seq, readers)]

    async def around(
        self, tenant_id: Id, passages: Sequence[Passage], *, seq: int, readers: frozenset[Id]
    ) -> list[Passage]:
        """See PassageSearch."""
        scores = neighbours(passages, self.settings.neighbours)
        return await self.reopen(tenant_id, scores, seq=seq, readers=readers) if scores else []

    @property
    def _gate(self) -> Gate:
        return Gate(self.ledger, self.keyring)

    async def _active_build(self, tenant_id: Id) -> IndexBuild | None:
        async with self.ledger.read() as uow:
            return await uow.builds.active(tenant_id, BuildKind.VECTOR)

    async def _vector(
        self, request: SearchRequest, build: IndexBuild
    ) -> tuple[NDArray[np.float32] | None, list[DegradedReason]]:
        """The question's vector, shape (dims,); None where it is not wanted, or cannot be had for the reason told."""
        if request.alpha == 0 or (request.alpha is None and self.settings.alpha == 0):
            return None, []
        if build.spec != self.embedder.spec.key:
            return None, [DegradedReason.EMBEDDER_DOWN]
        origin = Origin(
            request.tenant_id, frozenset({request.question_id} if request.question_id else ()), request.principal_id
        )
        try:
            async with asyncio.timeout(self.settings.embed_seconds):
                vectors = await self.embedder.embed([request.text], InputKind.QUERY, origin)
        except EMBEDDER_FAILURES as error:
            known = self.known.get(request.tenant_id, build.spec, request.text)
            return known, [] if known is not None else [degraded_by(error)]
        self.known.keep(request.tenant_id, build.spec, request.text, vectors[0])
        return vectors[0], []
