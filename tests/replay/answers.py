"""Runs of questions, whose histories are kept."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.answering import AnswerOutcome, Drafted, QuestionRef, Turn, Turned
from lethe.model.answers import AnswerMode, DegradedReason
from tests.replay.running import TENANT, VERSION, ended
from tests.workflows.scripted_answering import ScriptedAnswering
from workflows.answering import AnswerQuestion
from workflows.policies import Queue


async def answer_question(client: Client) -> WorkflowHandle[Any, Any]:
    """Without a language model."""
    async with ScriptedAnswering().running(client):
        ref = QuestionRef(tenant_id=TENANT, question_id=VERSION)
        return await ended(client, AnswerQuestion.run, ref, "answer-question/one", Queue.QUERY)


async def answer_by_models(client: Client) -> WorkflowHandle[Any, Any]:
    """The first of two models fails, the second answers."""
    scripted = ScriptedAnswering(models=["openai:one", "cohere:two"])
    scripted.turns["openai:one"] = Turned(
        attempts=["openai:one model_unavailable"], reasons=[DegradedReason.PROVIDER_DOWN], goes_on=True
    )
    async with scripted.running(client):
        ref = QuestionRef(tenant_id=TENANT, question_id=VERSION)
        return await ended(client, AnswerQuestion.run, ref, "answer-question/models", Queue.QUERY)


async def answer_in_turn(client: Client) -> WorkflowHandle[Any, Any]:
    """The model's turn finishes what it drafted."""
    scripted = ScriptedAnswering(models=["openai:one"])

    async def finishes(turn: Turn) -> None:
        drafted = Drafted(retrieved=turn.retrieved, mode=AnswerMode.GENERATED)
        outcome = AnswerOutcome(mode=AnswerMode.GENERATED, citations=1, is_degraded=False)
        scripted.turns[turn.model] = Turned(drafted=drafted, outcome=outcome)

    scripted.on_turn = finishes
    async with scripted.running(client):
        ref = QuestionRef(tenant_id=TENANT, question_id=VERSION)
        return await ended(client, AnswerQuestion.run, ref, "answer-question/turn", Queue.QUERY)


async def answer_below_models(client: Client) -> WorkflowHandle[Any, Any]:
    """The only model refuses: sentences of the passages answer."""
    scripted = ScriptedAnswering(models=["openai:one"])
    scripted.turns["openai:one"] = Turned(
        attempts=["openai:one provider_refused"], reasons=[DegradedReason.PROVIDER_REFUSED], has_spoken=True
    )
    async with scripted.running(client):
        ref = QuestionRef(tenant_id=TENANT, question_id=VERSION)
        return await ended(client, AnswerQuestion.run, ref, "answer-question/below", Queue.QUERY)


ANSWERS = (
    answer_question,
    answer_by_models,
    answer_in_turn,
    answer_below_models,
)
