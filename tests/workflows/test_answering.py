"""How a question goes through the models of its chain, and below them."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Interceptor

from api.endings import Endings, TellingEnds
from lethe.contracts.answering import AnswerOutcome, Drafted, QuestionRef, Turn, Turned
from lethe.errors import LedgerUnavailable, LetheError, QuestionNotFound
from lethe.model.answers import AnswerMode, DegradedReason
from lethe.model.ids import new_id
from lethe.model.workflow_ids import question_id
from lethe.settings import TestingSettings as FaultSettings
from tests.workflows.scripted import replayed
from tests.workflows.scripted_answering import ScriptedAnswering
from workers.failpoints import Failpoint
from workers.interceptors import ActivityGuard
from workflows import policies
from workflows.answering import AnswerQuestion
from workflows.policies import Queue
from workflows.starters import Ending, Starters

ONE, TWO = "openai:one", "cohere:two"


async def answered(client: Client, scripted: ScriptedAnswering, *interceptors: Interceptor) -> AnswerOutcome:
    async with scripted.running(client, interceptors):
        ref = QuestionRef(tenant_id=new_id(), question_id=new_id())
        handle = await client.start_workflow(
            AnswerQuestion.run,
            ref,
            id=f"answer-question/{ref.question_id}",
            task_queue=Queue.QUERY,
            execution_timeout=timedelta(seconds=60),
        )
        outcome = await handle.result()
        await replayed(handle)
        return outcome


async def test_a_question_has_the_time_that_the_settings_give_it(client: Client) -> None:
    ref = QuestionRef(tenant_id=new_id(), question_id=new_id())
    async with ScriptedAnswering([ONE]).running(client):
        await Starters(client, question_seconds=75).answer(ref)
    history = await client.get_workflow_handle(question_id(ref.tenant_id, ref.question_id)).fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    assert started.workflow_execution_timeout.ToSeconds() == 75


async def test_a_question_that_is_answered_is_not_answered_again(client: Client) -> None:
    """By whichever process: each starts what it believes unanswered."""
    ref, scripted = QuestionRef(tenant_id=new_id(), question_id=new_id()), ScriptedAnswering([ONE])
    async with scripted.running(client):
        outcomes = [await Starters(client).answer(ref) for _ in range(2)]
    assert outcomes[0] == outcomes[1]
    assert len(scripted.taken) == 1


async def test_an_answer_that_is_told_here_is_not_waited_for_at_the_server(client: Client) -> None:
    ref, released = QuestionRef(tenant_id=new_id(), question_id=new_id()), asyncio.Event()
    here = Ending()
    told = AnswerOutcome(mode=AnswerMode.GENERATED, citations=7, is_degraded=False)

    async def tells(_turn: Turn) -> None:
        here.answered(told)
        await released.wait()

    scripted = ScriptedAnswering([ONE])
    scripted.on_turn = tells
    async with scripted.running(client):
        assert await Starters(client).answer(ref, here) is told
        released.set()
        await client.get_workflow_handle(question_id(ref.tenant_id, ref.question_id)).result()


async def test_of_a_question_that_another_process_answers_the_server_is_asked(client: Client) -> None:
    async with ScriptedAnswering([ONE]).running(client):
        ref = QuestionRef(tenant_id=new_id(), question_id=new_id())
        assert (await Starters(client).answer(ref, Ending())).citations == 1


async def test_of_what_is_not_told_here_in_time_the_server_is_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.starters.TAKEN_SECONDS", 3_600.0)
    monkeypatch.setattr("workflows.starters.HERE_SECONDS", 0.1)
    endings, ref = Endings(), QuestionRef(tenant_id=new_id(), question_id=new_id())
    async with asyncio.timeout(60), ScriptedAnswering([ONE]).running(client, [TellingEnds(endings)]):
        with endings.of(ref.question_id) as here:
            assert (await Starters(client).answer(ref, here)).citations == 1


async def test_how_a_question_fails_here_is_told_before_the_server_is_asked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_ref: QuestionRef) -> None:
        raise QuestionNotFound

    monkeypatch.setattr("workflows.starters.TAKEN_SECONDS", 3_600.0)
    monkeypatch.setattr("workflows.starters.HERE_SECONDS", 3_600.0)
    endings, ref = Endings(), QuestionRef(tenant_id=new_id(), question_id=new_id())
    scripted = ScriptedAnswering([ONE])
    scripted.on_retrieve = breaks
    guard = ActivityGuard(Failpoint.from_settings(FaultSettings()))
    async with asyncio.timeout(60), scripted.running(client, [guard, TellingEnds(endings)]):
        with endings.of(ref.question_id) as here, pytest.raises(QuestionNotFound):
            await Starters(client).answer(ref, here)
        with pytest.raises(WorkflowFailureError):
            await client.get_workflow_handle(question_id(ref.tenant_id, ref.question_id)).result()


def failed(model: str, *, goes_on: bool, has_spoken: bool = False) -> Turned:
    attempts, reasons = [f"{model} model_unavailable"], [DegradedReason.PROVIDER_DOWN]
    return Turned(attempts=attempts, reasons=reasons, goes_on=goes_on, has_spoken=has_spoken)


async def test_what_was_answered_at_once_is_not_answered_again(client: Client) -> None:
    scripted = ScriptedAnswering()
    scripted.outcome = AnswerOutcome(mode=AnswerMode.EXTRACTIVE, citations=3, is_degraded=False)
    assert await answered(client, scripted) == scripted.outcome
    assert scripted.extracted == []


@pytest.mark.parametrize("outcome", [None, AnswerOutcome(mode=AnswerMode.GENERATED, citations=3, is_degraded=False)])
async def test_what_a_turn_finished_is_not_finished_again(client: Client, outcome: AnswerOutcome | None) -> None:
    async def drafts(turn: Turn) -> None:
        drafted = Drafted(retrieved=turn.retrieved, mode=AnswerMode.GENERATED, is_judged=True)
        scripted.turns[ONE] = Turned(drafted=drafted, outcome=outcome)

    scripted = ScriptedAnswering([ONE])
    scripted.on_turn = drafts
    assert (await answered(client, scripted)).citations == (outcome.citations if outcome else 1)
    assert [drafted.is_judged for drafted in scripted.finished] == ([] if outcome else [True])


async def test_the_next_model_is_asked_after_one_that_goes_on(client: Client) -> None:
    scripted = ScriptedAnswering([ONE, TWO])
    scripted.turns[ONE] = failed(ONE, goes_on=True)
    assert (await answered(client, scripted)).mode is AnswerMode.GENERATED
    assert [(turn.model, turn.is_last) for turn in scripted.taken] == [(ONE, False), (TWO, True)]
    assert scripted.taken[1].retrieved.attempts == [f"{ONE} model_unavailable"]
    assert scripted.extracted == []


async def test_no_other_model_is_asked_where_none_may_be(client: Client) -> None:
    scripted = ScriptedAnswering([ONE, TWO])
    scripted.turns[ONE] = failed(ONE, goes_on=False, has_spoken=True)
    outcome = await answered(client, scripted)
    assert (outcome.mode, outcome.reasons) == (AnswerMode.EXTRACTIVE, [DegradedReason.PROVIDER_DOWN])
    assert [turn.model for turn in scripted.taken] == [ONE]
    assert scripted.extracted[0].has_spoken


async def test_below_all_models_sentences_of_the_passages_answer(client: Client) -> None:
    scripted = ScriptedAnswering([ONE, TWO])
    scripted.turns = {model: failed(model, goes_on=True) for model in (ONE, TWO)}
    outcome = await answered(client, scripted)
    assert (outcome.mode, outcome.reasons) == (AnswerMode.EXTRACTIVE, [DegradedReason.PROVIDER_DOWN])
    assert scripted.extracted[0].attempts == [f"{ONE} model_unavailable", f"{TWO} model_unavailable"]


async def test_without_time_no_model_is_asked(client: Client) -> None:
    scripted = ScriptedAnswering([ONE, TWO], seconds_left=policies.QUESTION_RESERVE.total_seconds() + 0.5)
    assert (await answered(client, scripted)).reasons == [DegradedReason.PROVIDER_DOWN]
    assert scripted.taken == []
    assert scripted.extracted[0].attempts == [f"{ONE} no_time_left"]


async def test_what_one_turn_takes_the_next_does_not_have(client: Client) -> None:
    async def slow(turn: Turn) -> None:
        await asyncio.sleep(0.5 if turn.model == ONE else 0)

    scripted = ScriptedAnswering([ONE, TWO], seconds_left=20)
    scripted.turns[ONE] = failed(ONE, goes_on=True)
    scripted.on_turn = slow
    await answered(client, scripted)
    first, second = scripted.taken
    assert first.seconds <= 20 - policies.QUESTION_RESERVE.total_seconds()
    assert second.seconds <= first.seconds - 0.5


@pytest.mark.parametrize("error", [LedgerUnavailable(), KeyError("unexpected")])
async def test_a_turn_that_breaks_is_made_once_and_no_other_model_pays(client: Client, error: Exception) -> None:
    async def breaks(turn: Turn) -> None:
        raise error

    scripted = ScriptedAnswering([ONE, TWO])
    scripted.on_turn = breaks
    outcome = await answered(client, scripted, ActivityGuard(Failpoint.from_settings(FaultSettings())))
    code = error.code if isinstance(error, LetheError) else LetheError.code
    assert (outcome.mode, outcome.reasons) == (AnswerMode.EXTRACTIVE, [DegradedReason.PROVIDER_DOWN])
    assert [turn.model for turn in scripted.taken] == [ONE]
    assert (scripted.extracted[0].attempts, scripted.extracted[0].has_spoken) == ([f"{ONE} {code}"], True)


async def test_a_turn_whose_worker_dies_is_made_again_soon(client: Client) -> None:
    async def dies_once(turn: Turn) -> None:
        if len(scripted.taken) == 1:
            await asyncio.sleep(60)  # without a beat, as a dead worker

    scripted = ScriptedAnswering([ONE])
    scripted.on_turn = dies_once
    async with asyncio.timeout(55):
        assert (await answered(client, scripted)).mode is AnswerMode.GENERATED
    assert len(scripted.taken) == 2
