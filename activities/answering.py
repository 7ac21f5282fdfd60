"""The steps of a question: local activities of the query worker, and a language model's turn, which is not.

Where no model is to be asked, what is found is answered from in the same step, and a model's draft is finished in its
turn: each step costs two turns of the workflow. `finish` is left for what was not to be done in time, or failed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from temporalio import activity

from lethe.answering import steps
from lethe.answering.deps import Answering
from lethe.contracts.answering import AnswerOutcome, Drafted, QuestionRef, Retrieved, Turn, Turned
from lethe.model.ids import Id


def _nobody(_question_id: Id, _outcome: AnswerOutcome) -> None:
    """Whoever waits asks the server."""


DRAFTED: Final = "generate_by_model:drafted"
"""The name of the place between a turn's draft, which may be paid and stored, and its answer: there fault tests end
the process."""


def _nowhere(_place: str) -> None:
    """Nothing happens at any place."""


@dataclass(frozen=True)
class AnsweringActivities:
    """Retrieve, and extract; or generate by a model, and finish. ``tell``: who hears of a stored answer at once.
    ``reach``: what happens at a named place.
    """

    answering: Answering
    tell: Callable[[Id, AnswerOutcome], None] = _nobody
    reach: Callable[[str], None] = _nowhere

    @activity.defn
    async def retrieve(self, ref: QuestionRef) -> Retrieved:
        retrieved = await steps.retrieve(self.answering, ref, is_repeated=activity.info().attempt > 1)
        if retrieved.models:
            return retrieved
        return retrieved.model_copy(update={"outcome": await self._extracted(retrieved)})

    @activity.defn
    async def extract(self, retrieved: Retrieved) -> AnswerOutcome:
        drafted = await steps.paid_draft(self.answering, retrieved)
        if drafted is not None:
            return await self._finished(drafted, is_stored=True)
        return await self._extracted(retrieved)

    @activity.defn
    async def generate_by_model(self, turn: Turn) -> Turned:
        info = activity.info()
        # An attempt after a worker's death has what the first one left of the time.
        passed = (info.started_time - info.scheduled_time).total_seconds()
        left = turn.model_copy(update={"seconds": max(0.0, turn.seconds - passed)})
        started = time.perf_counter()
        turned = await steps.generate_by_model(self.answering, left, is_repeated=info.attempt > 1)
        self.reach(DRAFTED)
        turned = await steps.finish_at_once(self.answering, turned, left.seconds - (time.perf_counter() - started))
        if turned.outcome is not None:
            self.tell(turn.retrieved.question.question_id, turned.outcome)
        return turned

    @activity.defn
    async def finish(self, drafted: Drafted) -> AnswerOutcome:
        return await self._finished(drafted, is_stored=True, is_repeated=activity.info().attempt > 1)

    async def _extracted(self, retrieved: Retrieved) -> AnswerOutcome:
        drafted = await steps.generate(self.answering, retrieved)
        outcome = await steps.settle(self.answering, drafted)
        if outcome is None:
            return await self._finished(drafted)
        self.tell(retrieved.question.question_id, outcome)
        return outcome

    async def _finished(self, drafted: Drafted, *, is_stored: bool = False, is_repeated: bool = False) -> AnswerOutcome:
        outcome = await steps.finish(self.answering, drafted, is_stored=is_stored, is_repeated=is_repeated)
        self.tell(drafted.retrieved.question.question_id, outcome)
        return outcome
