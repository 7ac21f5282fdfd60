"""Answering a question: local activities in the process that took it; a language model's turn is an ordinary one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.answering import AnsweringActivities
    from lethe.contracts.answering import AnswerOutcome, Drafted, QuestionRef, Retrieved, Turn, Turned
    from lethe.model.answers import DegradedReason

from workflows import policies
from workflows.failures import code_of

Self_ = TypeVar("Self_")
Input = TypeVar("Input")
Output = TypeVar("Output")


@workflow.defn(name="answer-question")
class AnswerQuestion:
    """retrieve -> a turn of each model until one answers; where none does, sentences of the passages.

    Where no model is to be asked, `retrieve` has answered with those already. A turn finishes what it drafted; where it
    could not, `finish` does.
    """

    @workflow.run
    async def run(self, ref: QuestionRef) -> AnswerOutcome:
        retrieved = await self._local(AnsweringActivities.retrieve, ref, "search and gate")
        outcome = retrieved.outcome or await self._answered(retrieved)
        workflow.set_current_details(f"`{outcome.mode}`, {outcome.citations} citations")
        return outcome

    async def _answered(self, retrieved: Retrieved) -> AnswerOutcome:
        turned = await self._turns(retrieved)
        if isinstance(turned, AnswerOutcome):
            return turned
        if isinstance(turned, Drafted):
            return await self._local(AnsweringActivities.finish, turned, turned.mode.value)
        return await self._local(AnsweringActivities.extract, turned, f"from {len(turned.passages)} passages")

    async def _turns(self, retrieved: Retrieved) -> AnswerOutcome | Drafted | Retrieved:
        """The answer of the first model that gives one, or its draft; where none does, what was found, and why."""
        until = workflow.now() + timedelta(seconds=retrieved.seconds_left) - policies.QUESTION_RESERVE
        for position, model in enumerate(retrieved.models, start=1):
            seconds = (until - workflow.now()).total_seconds()
            if seconds < policies.SHORTEST_TURN.total_seconds():
                late = Turned(attempts=[f"{model} no_time_left"], reasons=[DegradedReason.PROVIDER_DOWN])
                retrieved = retrieved.after(late)
                break
            is_last = position == len(retrieved.models)
            turned = await self._turn(Turn(retrieved=retrieved, model=model, seconds=seconds, is_last=is_last))
            if turned.drafted is not None:
                return turned.outcome or turned.drafted
            retrieved = retrieved.after(turned)
            if not turned.goes_on:
                break
        return retrieved

    async def _turn(self, turn: Turn) -> Turned:
        try:
            return await workflow.execute_activity_method(
                AnsweringActivities.generate_by_model,
                turn,
                start_to_close_timeout=timedelta(seconds=turn.seconds) + policies.TURN_MARGIN,
                schedule_to_close_timeout=timedelta(seconds=turn.seconds) + policies.TURN_MARGIN,
                heartbeat_timeout=policies.TURN_HEARTBEAT,
                retry_policy=policies.TURN_RETRY,
                priority=policies.priority(turn.retrieved.question.tenant_id, policies.QUESTION_PRIORITY),
                summary=f"{turn.model}, from {len(turn.retrieved.passages)} passages",
            )
        except ActivityError as error:
            # It may have spoken, and have been paid: no other model is asked.
            return Turned(
                attempts=[f"{turn.model} {code_of(error)}"], reasons=[DegradedReason.PROVIDER_DOWN], has_spoken=True
            )

    async def _local(self, method: Callable[[Self_, Input], Awaitable[Output]], value: Input, summary: str) -> Output:
        return await workflow.execute_local_activity_method(
            method,
            value,
            start_to_close_timeout=policies.QUESTION_STEP,
            schedule_to_close_timeout=policies.QUESTION_STEPS,
            retry_policy=policies.QUESTION_RETRY,
            summary=summary,
        )
