"""How far texts and answers are trusted."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from lethe.settings.base import Section

Score = Annotated[float, Field(ge=0, le=1.01)]
"""1.01 is out of reach: the guard only tells the score."""


class GuardSettings(Section):
    """Attacks on language models, in questions and in documents."""

    question_score: Score = 0.5
    """From this score on a question is answered without a language model; 1.01: never."""
    passage_score: Score = 0.5
    """From this score on a passage is searched and served, but not shown to a language model; 1.01: never."""
    attack_bank: bool = True
    """Whether a question's vector is also compared with those of known attacks, where the local model embeds it."""


class BelowThreshold(StrEnum):
    """What becomes of an answer that its passages do not support."""

    FLAG = "flag"
    PASSAGES = "passages"


class GroundingSettings(Section):
    """Whether a generated answer says what its passages say."""

    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    """A sentence below this score is not supported."""
    below: BelowThreshold = BelowThreshold.FLAG
    """With an unsupported sentence the answer is told to be `ungrounded` (`flag`), or gives way to the passages
    (`passages`)."""
    meaning: bool = True
    """Whether sentences with too few words in common are compared by the local embedding model."""
    judge: str = ""
    """A model of the chain (`provider:model`) that judges every sentence; empty: none, rules decide."""
    judge_seconds: Annotated[float, Field(gt=0)] = 5.0
    """How long the judge may take before rules alone decide."""
