"""A draft that is finished in the turn that made it, or left to the step after it."""

from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from temporalio.testing import ActivityEnvironment

from activities.answering import AnsweringActivities
from lethe.answering.steps import finish
from lethe.answering.steps.stored import store
from lethe.answering.views import present
from lethe.contracts.answering import AnswerOutcome, Retrieved, Turn, Turned
from lethe.errors import LedgerUnavailable
from lethe.model.answers import Answer, AnswerMode, QuestionState
from lethe.model.ids import Id
from lethe.settings import Settings
from tests.unit.answering.model_world import ANSWER, World, open_world

JUDGED = "1: supported"


@pytest.fixture
async def world(sqlite_settings: Settings) -> AsyncGenerator[World, None]:
    async with open_world(sqlite_settings) as opened:
        yield opened


async def turned(
    world: World, retrieved: Retrieved, told: list[tuple[Id, AnswerOutcome]], *, seconds: float = 20.0, attempt: int = 1
) -> Turned:
    environment = ActivityEnvironment()
    now = environment.info.scheduled_time
    environment.info = replace(environment.info, attempt=attempt, started_time=now)
    activities = AnsweringActivities(world.deps, lambda question_id, outcome: told.append((question_id, outcome)))
    turn = Turn(retrieved=retrieved, model=retrieved.models[0], seconds=seconds, is_last=True)
    return await environment.run(activities.generate_by_model, turn)


async def test_a_turn_finishes_what_it_drafted_and_tells_it(world: World) -> None:
    world = world.chain([ANSWER])
    question = await world.ask()
    told: list[tuple[Id, AnswerOutcome]] = []
    came = await turned(world, await world.retrieved(question), told)
    assert came.outcome == AnswerOutcome(mode=AnswerMode.GENERATED, citations=1, is_degraded=False)
    assert told == [(question.id, came.outcome)]
    view = await present(world.deps, world.caller, question.id)
    assert (view.state, view.text) == (QuestionState.ANSWERED, "It is 31 metres tall. [1]")


async def test_what_fails_there_is_left_to_the_step_after_it_and_no_judge_is_paid_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world.chain([ANSWER], [JUDGED], judge="openai:m1")
    question = await world.ask()
    told: list[tuple[Id, AnswerOutcome]] = []

    async def refuses(_deps: object, _answer: Answer, *_: object, **__: object) -> None:
        raise LedgerUnavailable

    with monkeypatch.context() as away:
        away.setattr("lethe.answering.steps.finishing.store_paid", refuses)
        came = await turned(world, await world.retrieved(question), told)
    assert (came.outcome, told) == (None, [])
    assert came.drafted is not None
    await finish(world.deps, came.drafted)
    view = await present(world.deps, world.caller, question.id)
    assert (view.mode, view.text) == (AnswerMode.GENERATED, "It is 31 metres tall. [1]")
    assert [len(model.requests) for model in world.models] == [1, 1]


@pytest.mark.parametrize(("judge", "seconds"), [("", 0.9), ("openai:m1", 5.5)])
async def test_where_the_turn_has_too_little_time_left_the_step_after_it_finishes(
    world: World, judge: str, seconds: float
) -> None:
    world = world.chain([ANSWER], [JUDGED], judge=judge)
    question = await world.ask()
    came = await turned(world, await world.retrieved(question), [], seconds=seconds)
    assert came.outcome is None
    assert came.drafted is not None
    assert not came.drafted.is_judged
    assert (await present(world.deps, world.caller, question.id)).state is QuestionState.DRAFTED


async def test_a_draft_that_a_dead_worker_left_is_finished_without_a_judge(world: World) -> None:
    """It may have died while it was judged."""
    world = world.chain([ANSWER], [JUDGED], judge="openai:m1")
    question = await world.ask()
    retrieved = await world.retrieved(question)
    await world.turn(retrieved, "openai:m0")
    came = await turned(world, retrieved, [], attempt=2)
    assert came.drafted is not None
    await finish(world.deps, came.drafted)
    assert [len(model.requests) for model in world.models] == [1, 0]


async def test_a_draft_whose_turn_was_given_up_is_finished_where_an_extract_would_be_made(world: World) -> None:
    """Its worker died while it was being finished, and there was no time for another attempt."""
    world = world.chain([ANSWER])
    question = await world.ask()
    retrieved = await world.retrieved(question)
    await world.turn(retrieved, "openai:m0")
    given_up = retrieved.after(Turned(attempts=["openai:m0 step_timed_out"], has_spoken=True))
    outcome = await ActivityEnvironment().run(AnsweringActivities(world.deps).extract, given_up)
    assert outcome.mode is AnswerMode.GENERATED
    view = await present(world.deps, world.caller, question.id)
    assert (view.mode, view.text) == (AnswerMode.GENERATED, "It is 31 metres tall. [1]")
    assert [len(model.requests) for model in world.models] == [1]


async def test_what_is_told_is_what_was_stored_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world = world.chain([ANSWER])
    question = await world.ask()
    turned_first = await world.turn(await world.retrieved(question), "openai:m0")
    assert turned_first.drafted is not None

    async def overtaken(_deps: object, _asked: object, answer: Answer, _retrieved: object) -> None:
        await store(world.deps, replace(answer, mode=AnswerMode.PASSAGES), QuestionState.ANSWERED)

    monkeypatch.setattr("lethe.answering.steps.finishing.keeping", overtaken)
    outcome = await finish(world.deps, turned_first.drafted, is_stored=True)
    assert outcome.mode is AnswerMode.PASSAGES
    assert (await present(world.deps, world.caller, question.id)).mode is AnswerMode.PASSAGES
