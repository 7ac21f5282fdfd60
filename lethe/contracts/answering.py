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


class AnswerOutcome(Contract):
    """The stored answer, told in counts."""

    mode: AnswerMode
    citations: int
    is_degraded: bool
    reasons: list[DegradedReason] = Field(default_factory=list[DegradedReason], max_length=10)


class Retrieved(Contract):
    """What `retrieve` found, best first."""

    question: QuestionRef
    passages: list[PassageRef] = Field(default_factory=list[PassageRef], max_length=50)
    reasons: list[DegradedReason] = Field(default_factory=list[DegradedReason], max_length=10)
    build_id: Id | None = None
    embedding_spec: str = Field(default="", max_length=200)
    """Of that build; "" for one of words."""
    seq: int = 0
    timings_ms: dict[str, float] = Field(default_factory=dict[str, float], max_length=20)
    models: list[str] = Field(default_factory=list[str], max_length=20)
    """Language models to try, in order; none: the answer is made of sentences of the passages."""
    routing: str = Field(default="", max_length=200)
    seconds_left: float = 30.0
    """For the rest of the question, as this was written."""
    attempts: list[str] = Field(default_factory=list[str], max_length=40)
    """Models asked or passed over, each with what came of it."""
    fallen: list[DegradedReason] = Field(default_factory=list[DegradedReason], max_length=10)
    """Why there is no model's answer, where one was to be had."""
    has_spoken: bool = False
    """Whether somebody may have seen words of a model that do not count."""
    outcome: AnswerOutcome | None = None
    """Of the answer, where it was made at once, because no model was to be asked."""

    def after(self, turned: "Turned") -> "Retrieved":
        """With what came of a turn that made no draft."""
        fallen = [reason for reason in turned.reasons if reason not in self.fallen]
        return self.model_copy(
            update={
                "attempts": [*self.attempts, *turned.attempts],
                "fallen": [*self.fallen, *fallen],
                "has_spoken": self.has_spoken or turned.has_spoken,
            }
        )


class Turn(Contract):
    """A model's turn at a question. ``seconds``: how long it may take; ``is_last``: no other follows."""

    retrieved: Retrieved
    model: str
    seconds: float
    is_last: bool


class Drafted(Contract):
    """A draft answer was stored for the question."""

    retrieved: Retrieved
    mode: AnswerMode
    timings_ms: dict[str, float] = Field(default_factory=dict[str, float], max_length=20)
    is_judged: bool = False
    """Whether a judge may have been paid for it: where it was to be finished before, and was not."""


class Turned(Contract):
    """What came of a turn: a draft, or why there is none and whether the next model may be asked."""

    drafted: Drafted | None = None
    attempts: list[str] = Field(default_factory=list[str], max_length=10)
    reasons: list[DegradedReason] = Field(default_factory=list[DegradedReason], max_length=10)
    goes_on: bool = False
    has_spoken: bool = False
    outcome: AnswerOutcome | None = None
    """Of the draft, where it was finished in the turn."""
