"""How questions end in this process, told to whoever waits here ahead of the server: by the step that stores an answer,
and by the workflow that fails.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from lethe.contracts.answering import AnswerOutcome
from lethe.model.ids import Id
from workflows.starters import Ending, cause_of


class Endings:
    """Those that are waited for."""

    def __init__(self) -> None:
        self._awaited: dict[Id, Ending] = {}

    @contextmanager
    def of(self, question_id: Id) -> Generator[Ending]:
        """What is told of the question while this lasts; nothing, if another process has its workflow."""
        ending = self._awaited.setdefault(question_id, Ending())
        try:
            yield ending
        finally:
            self._awaited.pop(question_id, None)

    def tell(self, question_id: Id, outcome: AnswerOutcome) -> None:
        """The answer is stored."""
        if ending := self._awaited.get(question_id):
            ending.answered(outcome)

    def take(self, question_id: Id) -> None:
        """Its workflow runs here. From any thread, as the next."""
        if ending := self._awaited.get(question_id):
            ending.loop.call_soon_threadsafe(ending.taken)

    def fail(self, question_id: Id, error: FailureError) -> None:
        """Its workflow ends here by a step that is not tried again."""
        if ending := self._awaited.get(question_id):
            ending.loop.call_soon_threadsafe(ending.failed, cause_of(error))


class TellingEnds(Interceptor):
    """Around the workflows of questions, in whose threads nobody waits."""

    def __init__(self, endings: Endings) -> None:
        self._endings = endings

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        endings = self._endings

        class Telling(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
                question_id = input.args[0].question_id
                if not workflow.unsafe.is_replaying():  # a query of a run that has ended replays it
                    endings.take(question_id)
                try:
                    return await super().execute_workflow(input)
                except FailureError as error:
                    if not workflow.unsafe.is_replaying():
                        endings.fail(question_id, error)
                    raise

        return Telling
