"""Answering a question: three local activities in the process that took the question."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.answering import AnsweringActivities
    from lethe.contracts.answering import AnswerOutcome, QuestionRef

from workflows import policies

Self_ = TypeVar("Self_")
Input = TypeVar("Input")
Output = TypeVar("Output")


@workflow.defn(name="answer-question")
class AnswerQuestion:
    """retrieve -> generate -> finish."""

    @workflow.run
    async def run(self, ref: QuestionRef) -> AnswerOutcome:
        retrieved = await self._local(AnsweringActivities.retrieve, ref, "search and gate")
        drafted = await self._local(AnsweringActivities.generate, retrieved, f"from {len(retrieved.passages)} passages")
        outcome = await self._local(AnsweringActivities.finish, drafted, drafted.mode.value)
        workflow.set_current_details(f"`{outcome.mode}`, {outcome.citations} citations")
        return outcome

    async def _local(self, method: Callable[[Self_, Input], Awaitable[Output]], value: Input, summary: str) -> Output:
        return await workflow.execute_local_activity_method(
            method,
            value,
            start_to_close_timeout=policies.QUESTION_STEP,
            schedule_to_close_timeout=policies.QUESTION_DEADLINE,
            retry_policy=policies.QUESTION_RETRY,
            summary=summary,
        )
