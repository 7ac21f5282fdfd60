"""What readers think of answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lethe.model.ids import Id


class Verdict(StrEnum):
    UP = "up"
    DOWN = "down"


class FeedbackBy(StrEnum):
    """What verdicts are counted by."""

    DOCUMENT = "document"
    PROMPT_VERSION = "prompt_version"


@dataclass(frozen=True, slots=True)
class Feedback:
    """The verdict of whoever asked. ``sealed_reason`` opens with the data key of the question's own id."""

    tenant_id: Id
    question_id: Id
    verdict: Verdict
    sealed_reason: bytes | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """A verdict with where its answer came from; without an answer (passages were shown) the words are empty."""

    feedback: Feedback
    provider: str = ""
    model: str = ""
    prompt_version: str = ""
    document_ids: tuple[Id, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """Which verdicts: all that is given must hold."""

    document_id: Id | None = None
    prompt_version: str | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class FeedbackTally:
    """``key``: the document's id or the prompt's version."""

    key: str
    up: int
    down: int
