"""The three steps of a question: local activities of the query worker."""

from dataclasses import dataclass

from temporalio import activity

from lethe.answering import steps
from lethe.answering.deps import Answering
from lethe.contracts.answering import AnswerOutcome, Drafted, QuestionRef, Retrieved
from lethe.telemetry import EMPTY_RETRIEVALS


@dataclass(frozen=True)
class AnsweringActivities:
    """Retrieve, generate, finish."""

    answering: Answering

    @activity.defn
    async def retrieve(self, ref: QuestionRef) -> Retrieved:
        retrieved = await steps.retrieve(self.answering, ref)
        if not retrieved.passages:
            EMPTY_RETRIEVALS.inc()
        return retrieved

    @activity.defn
    async def generate(self, retrieved: Retrieved) -> Drafted:
        return await steps.generate(self.answering, retrieved)

    @activity.defn
    async def finish(self, drafted: Drafted) -> AnswerOutcome:
        return await steps.finish(self.answering, drafted)
