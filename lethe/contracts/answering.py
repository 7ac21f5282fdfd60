"""Inputs and outputs of the question workflow."""

from pydantic import Field

from lethe.contracts.base import Contract
from lethe.model.answers import AnswerMode, DegradedReason
from lethe.model.ids import Id


class QuestionRef(Contract):
    """A stored question; its text is in the ledger, sealed."""

    tenant_id: Id
    question_id: Id


class PassageRef(Contract):
    """A chunk that passed the gate, and its fused score (0..1, higher is better)."""

    chunk_id: Id
    version_id: Id
    document_id: Id
    score: float


class Retrieved(Contract):
    """What `retrieve` found, best first."""

    question: QuestionRef
    passages: list[PassageRef] = Field(default_factory=list[PassageRef], max_length=50)
    reasons: list[DegradedReason] = Field(default_factory=list[DegradedReason], max_length=10)
    build_id: Id | None = None
    seq: int = 0
    timings_ms: dict[str, float] = Field(default_factory=dict[str, float], max_length=20)


class Drafted(Contract):
    """A draft answer was stored for the question."""

    retrieved: Retrieved
    mode: AnswerMode
    timings_ms: dict[str, float] = Field(default_factory=dict[str, float], max_length=20)


class AnswerOutcome(Contract):
    """The stored answer, told in counts."""

    mode: AnswerMode
    citations: int
    is_degraded: bool
    reasons: list[DegradedReason] = Field(default_factory=list[DegradedReason], max_length=10)
