"""Hybrid search over what the caller may read: /v1/search and the retrieve step of a question are this."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lethe.errors import IndexUnavailable, LedgerUnavailable
from lethe.model.answers import DegradedReason
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.model.processors import Origin
from lethe.model.terms import query_terms
from lethe.model.traces import Trace
from lethe.ports.embedding import EMBEDDER_FAILURES, Embedder, InputKind, degraded_by, model_of
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.rerank import Reranker
from lethe.ports.search import Found, LookedAgain, Overdue, Passage, SearchRequest, never_overdue
from lethe.ports.vectors import Hit, HybridQuery, VectorIndex
from lethe.retrieval.calibration import knows_any
from lethe.retrieval.floors import Scorer
from lethe.retrieval.gate import Gate, Gated, Reading, search_and_gate
from lethe.retrieval.glossary import synonyms_of
from lethe.retrieval.ladder import VECTOR_STORE_FAILURES, KeywordRung, KnownVectors
from lethe.retrieval.languages import question_languages
from lethe.retrieval.neighbours import neighbours
from lethe.retrieval.opening import opened
from lethe.retrieval.ranking import Rank, by_vectors, words_first
from lethe.retrieval.rewording import Reworded, Rewording
from lethe.retrieval.rewriting import wordings
from lethe.retrieval.timing import elapsed_ms
from lethe.retrieval.weighing import Weigher
from lethe.settings import RetrievalSettings, Rewriting
from lethe.telemetry import RETRIEVAL_LATENCY

Wording = tuple[str, NDArray[np.float32] | None]
"""What is searched for, and its vector if there is one."""


@dataclass(frozen=True, slots=True)
class Search:
    """A PassageSearch. No unit of work is open while the embedder, the index or the key ring is asked.

    A question's vector is made by the model of the build it reads: ``embedder``, or one of ``others``.
    """

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    embedder: Embedder
    settings: RetrievalSettings
    words: KeywordRung
    reranker: Reranker | None = None
    rerank_seconds: float = 1.5
    known: KnownVectors = field(default_factory=KnownVectors)
    rewording: Rewording | None = None
    others: tuple[Embedder, ...] = ()
    overdue: Overdue = never_overdue

    async def find(self, request: SearchRequest) -> Found:
        """See PassageSearch. The build is that of the question's ``seq``, whichever becomes the active one meanwhile.

        Keywords alone where the embedder fails, or fits another model's build.
        The keyword build where the vector store does not answer, or is not asked because it has not for a while.
        """
        started = time.perf_counter()
        async with self.ledger.read() as uow:
            build = await uow.builds.reading(request.tenant_id, BuildKind.VECTOR, request.seq)
            glossary = await uow.glossaries.get(request.tenant_id) if self._rewrites else None
        if build is None:
            return Found((), (), None, {"total": elapsed_ms(started)})
        ruled = (request.text,)
        if self._rewrites:
            ruled = wordings(request.text, await synonyms_of(self.keyring, glossary))
        is_left_alone = await self.words.is_next()
        reworded, timings = (Reworded(), {}) if is_left_alone else await self._reworded(request)
        texts = tuple(dict.fromkeys((*ruled, *reworded.queries)))
        embedding = time.perf_counter()
        vectors, reasons = ([None], []) if is_left_alone else await self._vectors(request, texts, build)
        timings["embed"] = elapsed_ms(embedding)
        try:
            if is_left_alone:
                raise IndexUnavailable
            rank, scorer = self._rank(request, build, list(zip(texts, vectors, strict=True)))
            gated = await self._gated(request, self.words.above(rank))
        except VECTOR_STORE_FAILURES:
            reasons.append(DegradedReason.VECTOR_STORE_DOWN)
            build, scorer = await self.words.build(request.tenant_id, request.seq), Scorer.WORDS
            gated = await self._gated(request, self.words.rank(build, self._query(request, ruled[-1], None)))
        if gated.is_exhausted:
            reasons.append(DegradedReason.INDEX_LAGGING)
        weighed = await Weigher(self.settings, self.reranker, self.rerank_seconds, self.overdue).weigh(
            request, gated, scorer
        )
        timings |= gated.timings_ms
        if weighed.rerank_ms is not None:
            timings["rerank"] = weighed.rerank_ms
        timings["total"] = elapsed_ms(started)
        RETRIEVAL_LATENCY.observe(timings["total"] / 1000)
        trace = Trace(texts, weighed.candidates, reworded.told)
        told = (*reworded.reasons, *reasons, *weighed.reasons)
        spec = build.spec if build.kind is BuildKind.VECTOR else ""
        return Found(weighed.passages, told, build.id, timings, trace, spec)

    @property
    def _rewrites(self) -> bool:
        return self.settings.rewriting is not Rewriting.OFF

    async def _reworded(self, request: SearchRequest) -> tuple[Reworded, dict[str, float]]:
        """A model's queries, if one is to be asked, and how long it took."""
        if self.rewording is None or not request.reword:
            return Reworded(), {}
        started = time.perf_counter()
        found = await self.rewording.queries(request.text, _origin(request))
        return found, {"rewrite": elapsed_ms(started)}

    async def _gated(self, request: SearchRequest, rank: Rank) -> Gated:
        return await search_and_gate(
            rank,
            self._gate,
            Reading(request.tenant_id, request.readers, request.seq),
            wanted=request.top_k,
            limits=self.settings.gate_limits,
        )

    def _rank(self, request: SearchRequest, build: IndexBuild, asked: Sequence[Wording]) -> tuple[Rank, Scorer]:
        queries = [self._query(request, text, vector) for text, vector in asked]
        alpha = queries[0].alpha
        languages = question_languages(request.text)
        is_foreign = request.alpha is None and 0 < alpha < 1 and not knows_any(build.spec.partition("@")[0], languages)
        if is_foreign and self.settings.words_first:
            return words_first(self.index, build, queries), Scorer.WORDS
        scorer = {0.0: Scorer.WORDS, 1.0: Scorer.COSINE}.get(alpha, Scorer.FUSED)
        return by_vectors(self.index, build, queries), scorer

    def _query(self, request: SearchRequest, text: str, vector: NDArray[np.float32] | None) -> HybridQuery:
        return HybridQuery(
            terms=query_terms(text, question_languages(request.text)),
            vector=vector,
            alpha=self._alpha(request) if vector is not None else 0.0,
            limit=self.settings.gate_limits[0],
            readers=request.readers,
            attributes=request.attributes,
        )

    def _alpha(self, request: SearchRequest) -> float:
        return self.settings.alpha if request.alpha is None else request.alpha

    async def reopen(
        self, tenant_id: Id, scores: Mapping[Id, float], *, seq: int, readers: frozenset[Id]
    ) -> list[Passage]:
        """See PassageSearch."""
        found = await self._gate.admit(tenant_id, _hits(scores), seq, readers)
        return [opened(survivor, self.overdue) for survivor in found]

    async def look_again(
        self, uow: UnitOfWork, tenant_id: Id, scores: Mapping[Id, float], *, seq: int, readers: frozenset[Id]
    ) -> LookedAgain:
        """See PassageSearch."""
        return await self._gate.look(uow, tenant_id, _hits(scores), seq, readers)

    async def opened(self, looked: LookedAgain) -> list[Passage]:
        """See PassageSearch."""
        return [opened(survivor, self.overdue) for survivor in await self._gate.let_pass(looked)]

    async def around(
        self, tenant_id: Id, passages: Sequence[Passage], *, seq: int, readers: frozenset[Id]
    ) -> list[Passage]:
        """See PassageSearch."""
        scores = neighbours(passages, self.settings.neighbours)
        return await self.reopen(tenant_id, scores, seq=seq, readers=readers) if scores else []

    @property
    def _gate(self) -> Gate:
        return Gate(self.ledger, self.keyring)

    async def _vectors(
        self, request: SearchRequest, texts: Sequence[str], build: IndexBuild
    ) -> tuple[list[NDArray[np.float32] | None], list[DegradedReason]]:
        """Each wording's vector, shape (dims,); None where it is not wanted, or cannot be had for the reason told."""
        if self._alpha(request) == 0:
            return [None for _ in texts], []
        embedder = model_of(build.spec, self.embedder, *self.others)
        if embedder is None:
            return [None for _ in texts], [DegradedReason.EMBEDDER_DOWN]
        asked = request.asked
        if asked is not None and asked.vector is None:
            return self._remembered(request, texts, build, asked.reasons)
        known = None if asked is None else asked.under(build.spec)
        vectors = [] if known is None else [known]
        self._remember(request, texts, build, vectors)
        try:
            vectors += await self._embedded(embedder, request, texts[len(vectors) :])
        except (*EMBEDDER_FAILURES, LedgerUnavailable) as error:
            # A ledger that takes no writes cannot record a call outside, so none is made; the gate still reads.
            return self._remembered(request, texts, build, (degraded_by(error),))
        self._remember(request, texts, build, vectors)
        return list(vectors), []

    async def _embedded(
        self, embedder: Embedder, request: SearchRequest, texts: Sequence[str]
    ) -> list[NDArray[np.float32]]:
        if not texts:
            return []
        async with asyncio.timeout(self.settings.embed_seconds):
            return list(await embedder.embed(texts, InputKind.QUERY, _origin(request)))

    def _remember(
        self, request: SearchRequest, texts: Sequence[str], build: IndexBuild, vectors: Sequence[NDArray[np.float32]]
    ) -> None:
        for text, vector in zip(texts, vectors, strict=False):
            self.known.keep(request.tenant_id, build.spec, text, vector)

    def _remembered(
        self, request: SearchRequest, texts: Sequence[str], build: IndexBuild, reasons: Sequence[DegradedReason]
    ) -> tuple[list[NDArray[np.float32] | None], list[DegradedReason]]:
        """Without the embedder: what was asked before; the reasons where that was not the question itself."""
        known = [self.known.get(request.tenant_id, build.spec, text) for text in texts]
        return known, [] if known[0] is not None else list(reasons)


def _hits(scores: Mapping[Id, float]) -> list[Hit]:
    return [Hit(chunk_id, version_id="", document_id="", score=score) for chunk_id, score in scores.items()]


def _origin(request: SearchRequest) -> Origin:
    refs = frozenset({request.question_id} if request.question_id else ())
    return Origin(request.tenant_id, refs, request.principal_id)
