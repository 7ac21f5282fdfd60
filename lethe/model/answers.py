"""Questions, answers and where an answer's sentences come from."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from lethe.model.ids import Id


class AnswerMode(StrEnum):
    GENERATED = "generated"
    EXTRACTIVE = "extractive"
    NO_ANSWER = "no_answer"
    PASSAGES = "passages"


class DegradedReason(StrEnum):
    """Why an answer is less than it could be; always told to the one who asked."""

    INDEX_LAGGING = "index_lagging"
    VECTOR_STORE_DOWN = "vector_store_down"
    EMBEDDER_DOWN = "embedder_down"
    RERANKER_DOWN = "reranker_down"
    PROVIDER_NOT_ALLOWED = "provider_not_allowed"
    WORKFLOWS_DOWN = "workflows_down"
    DEADLINE_PASSED = "deadline_passed"
    STEP_FAILED = "step_failed"
    LEDGER_READ_ONLY = "ledger_read_only"
    SOURCE_WITHDRAWN = "source_withdrawn"
    UNGROUNDED = "ungrounded"
    ANSWER_FILTERED = "answer_filtered"
    PASSAGES_WITHHELD = "passages_withheld"
    QUESTION_SUSPECTED = "question_suspected"
    QUESTION_NOT_KEPT = "question_not_kept"
    PROVIDER_DOWN = "provider_down"
    PROVIDER_MISCONFIGURED = "provider_misconfigured"
    PROVIDER_BUDGET = "provider_budget"
    PROVIDER_REFUSED = "provider_refused"
    ANSWER_CUT = "answer_cut"
    REWORDING_DOWN = "rewording_down"


WITHOUT_EMBEDDER: Final = frozenset({DegradedReason.EMBEDDER_DOWN, DegradedReason.PROVIDER_NOT_ALLOWED})
"""Words alone were compared."""


class QuestionState(StrEnum):
    ASKED = "asked"
    DRAFTED = "drafted"
    ANSWERED = "answered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Question:
    """A question. ``sealed_request`` (text, filters) opens with the data key of the question's own id.

    ``seq`` is the tenant's clock when the question started: the snapshot it reads. ``answered_by`` is the question of
    the same words and rights whose answer this one was given; found ready, this one has no text and no key of its own.
    """

    tenant_id: Id
    id: Id
    principal_id: Id
    readers: tuple[Id, ...]
    sealed_request: bytes
    state: QuestionState
    seq: int
    created_at: datetime
    answered_by: Id | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited passage, numbered from 1 in the answer's text."""

    number: int
    chunk_id: Id
    version_id: Id
    document_id: Id
    text_hmac: str
    score: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """P8: what an answer was made from and by.

    ``routing``: how hard the question looked and why. ``attempts``: each model asked or passed over, with what came of
    it. ``is_regenerated``: a worker died and a model was asked twice; both count. ``cost_micros`` is the total of
    ``costs_micros``. ``context_tokens``: of the passages shown (estimated), ``tokens_saved`` of what they had in full.
    ``citations_removed``: of passages that were not shown. ``sentences_removed``: statements without a source.
    ``judge``: the model (`provider:model`) whose verdict ``groundedness`` heeds, ``judge_prompt`` what it was told.
    """

    index_build_id: Id | None
    seq: int
    embedding_spec: str
    provider: str
    model: str
    model_fingerprint: str = ""
    prompt_version: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int = 0
    currency: str = "USD"
    timings_ms: dict[str, float] = field(default_factory=dict[str, float])
    routing: str = ""
    attempts: tuple[str, ...] = ()
    is_regenerated: bool = False
    costs_micros: dict[str, int] = field(default_factory=dict[str, int])
    context_tokens: int = 0
    tokens_saved: int = 0
    citations_removed: int = 0
    sentences_removed: int = 0
    groundedness: float | None = None
    judge: str = ""
    judge_prompt: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. ``sealed_body`` (text and sentences) opens with the question's key, as does ``sealed_trace``
    (lethe.model.traces; None: not known).
    """

    tenant_id: Id
    question_id: Id
    mode: AnswerMode
    sealed_body: bytes
    citations: tuple[Citation, ...]
    is_degraded: bool
    degraded_reasons: tuple[DegradedReason, ...]
    provenance: Provenance
    is_final: bool
    created_at: datetime
    sealed_trace: bytes | None = None
