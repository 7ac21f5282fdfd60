"""Questions, passages and answers on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from api.schemas.base import Given, OpaqueId, Taken
from lethe.model.answers import AnswerMode, DegradedReason, QuestionState
from lethe.settings import MAX_RESULTS, MAX_SOURCES


class QuestionIn(Taken):
    """A question. ``filters`` over metadata: `{key: value | {operator: operand}, "$and" | "$or": [filters]}`.

    Operators: `$eq`, `$ne`, `$in`; `$gt`, `$gte`, `$lt`, `$lte` for numbers and ISO 8601 dates. All parts must hold.
    """

    question: Annotated[str, Field(description="1 to 1,000 characters; a longer one is refused, never cut")]
    top_k: Annotated[int, Field(ge=1, le=MAX_SOURCES)] | None = None
    alpha: (
        Annotated[
            float, Field(ge=0, le=1, description="1: vectors only; 0: keywords only; absent: as suits the language")
        ]
        | None
    ) = None
    filters: Annotated[dict[str, JsonValue], Field(max_length=64)] | None = None
    rerank: Annotated[bool, Field(description="whether the configured reranker, if any, is asked")] = True


class SearchIn(QuestionIn):
    """A search: more passages than an answer is made of."""

    top_k: Annotated[int, Field(ge=1, le=MAX_RESULTS)] | None = None


class AskIn(QuestionIn):
    """A question to be answered. ``stream``: as server-sent events; left out, the header `Accept` says so.

    ``no_store``: no earlier answer is given, and this one to nobody else.
    """

    stream: bool | None = None
    no_store: bool = False


class PassageOut(Given):
    """A passage the caller may read. ``place`` is for a person; ``score`` 0..1, higher is better.

    ``is_overdue``: it came from a source that has not been synced for longer than it should; it may be out of date.
    """

    chunk_id: OpaqueId
    version_id: OpaqueId
    document_id: OpaqueId
    title: str
    source_uri: str
    place: str
    section: str
    page: int | None
    score: float
    text: str
    is_overdue: bool = False


class SearchOut(Given):
    """Passages, best first."""

    items: list[PassageOut]
    is_degraded: bool
    degraded_reasons: list[DegradedReason]


class CitationOut(Given):
    """A cited passage. ``quotes``: the answer's sentences that come from it. ``is_overdue``: as of a passage."""

    number: int
    chunk_id: OpaqueId
    version_id: OpaqueId
    document_id: OpaqueId
    title: str
    source_uri: str
    place: str
    score: float
    text: str
    text_hmac: str
    quotes: list[str]
    is_overdue: bool = False


class ProvenanceOut(Given):
    """P8: what the answer was made from and by. Cost in millionths of ``currency``, split by operation.

    ``attempts``: each language model asked or passed over, with what came of it. ``is_regenerated``: one was asked
    again after a worker died, and both count. ``groundedness``: 0..1, null where no model worded the answer;
    ``judge``: the model whose verdict it heeds, by ``judge_prompt``; empty where rules alone said it.
    ``cached_at``: when it was made, if that was for an earlier question of the same rights; it cost nothing again.
    ``overdue_citations``: the numbers of those that may be out of date as this is read.
    """

    index_build_id: OpaqueId | None
    seq: int
    embedding_spec: str
    provider: str
    model: str
    model_fingerprint: str
    prompt_version: str
    tokens_in: int
    tokens_out: int
    cost_micros: int
    currency: str
    timings_ms: dict[str, float]
    routing: str
    attempts: list[str]
    is_regenerated: bool
    costs_micros: dict[str, int]
    context_tokens: int
    tokens_saved: int
    citations_removed: int
    sentences_removed: int
    groundedness: float | None
    judge: str
    judge_prompt: str
    cached_at: datetime | None = None
    overdue_citations: list[int] = Field(default_factory=list[int])


class AnswerOut(Given):
    """A question and its answer. ``id`` is null where the question could not be stored (a read-only ledger)."""

    id: OpaqueId | None
    state: QuestionState
    created_at: datetime
    answer_mode: AnswerMode | None
    answer: str
    citations: list[CitationOut]
    is_degraded: bool
    degraded_reasons: list[DegradedReason]
    provenance: ProvenanceOut | None


class CandidateOut(Given):
    """A passage that was weighed. Scores 0..1: ``fused`` of the search, ``reranked`` null where nothing reranked."""

    chunk_id: OpaqueId
    version_id: OpaqueId
    document_id: OpaqueId
    fused: float
    reranked: float | None
    is_cited: bool


class RetrievalOut(Given):
    """``queries``: what was searched for, the question as asked first. ``candidates``: in their final order.

    ``rewriting``: the language model asked for further queries, by which prompt, and what came of it; empty: none was.
    """

    queries: list[str]
    rewriting: str
    candidates: list[CandidateOut]


class QueryOut(AnswerOut):
    """A question with its answer and how that was come by; ``retrieval`` is null where it is not known."""

    retrieval: RetrievalOut | None
