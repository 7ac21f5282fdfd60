"""The search of a question begins while it is stored, or its workflow starts: only where its steps come for it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from api.asking import guarded
from api.deadlines import Deadline
from api.recalling import answer_together, ask_or_recall
from api.schemas.questions import AskIn
from api.services import Services
from api.temporal import TemporalLink
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.answering.extractive import Extract, extract
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import LedgerUnavailable, WorkflowsUnavailable
from lethe.model.answers import DegradedReason
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.ports.search import Found, SearchRequest
from tests.unit.api.streams import caller_of
from tests.unit.api.test_questions import passage
from tests.unit.api.world import World


async def searching_freely(world: World, *, in_process: bool = False) -> Services:
    """With an index to search, and nobody outside to ask. ``in_process``: the embedder is not to be waited for."""
    spec, at = HashEmbedder().spec.key, world.clock.now()
    async with world.services.ledger.write() as uow:
        await uow.builds.add(
            IndexBuild(world.tenant_id, new_id(), BuildKind.VECTOR, spec, 1, "C", BuildState.ACTIVE, 0, at)
        )
    models = frozenset({spec} if in_process else ())
    return replace(world.services, answering=replace(world.services.answering, searches_freely=True, in_process=models))


async def searched(world: World) -> None:
    async with asyncio.timeout(20):
        while not world.search.requests:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("moves", [False, True])
async def test_a_question_is_searched_for_while_it_is_stored(
    world: World, monkeypatch: pytest.MonkeyPatch, moves: bool
) -> None:
    """And drawn from, once; where the clock moves before it is stored, again, by the clock that the question read."""
    drawn: list[str] = []

    async def counted(*arguments: Any) -> Extract:
        drawn.append("in the step")
        return await extract(*arguments)

    monkeypatch.setattr("lethe.answering.steps.extracting.extract", counted)
    world.search.passages.append(passage("Lethe is the river of forgetting."))
    services = await searching_freely(world, in_process=True)
    create = services.keyring.create

    async def after_the_search(tenant_id: Id, key_id: Id) -> bytes:
        await searched(world)
        if moves:
            async with services.ledger.write() as uow:
                await uow.tenants.advance(tenant_id)
        return await create(tenant_id, key_id)

    monkeypatch.setattr(services.keyring, "create", after_the_search)
    caller, request = await caller_of(world), guarded(services, AskIn(question="Which river is Lethe?"))
    memo = await ask_or_recall(services, caller, request, new_id())
    done = await answer_together(services, caller, request, memo, Deadline.of(services.settings.limits))
    assert done.fallen is None
    assert memo.seq == moves
    assert [each.seq for each in world.search.requests] == ([0, 1] if moves else [0])
    assert len(drawn) == moves
    assert {(each.text, each.readers, each.for_answer) for each in world.search.requests} == {
        (request.text, caller.readers, True)
    }


async def test_the_search_of_a_question_that_is_not_stored_is_dropped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = await searching_freely(world, in_process=True)
    ended = asyncio.Event()

    async def endless(request: SearchRequest) -> Found:
        world.search.requests.append(request)
        try:
            await asyncio.sleep(3_600)
        finally:
            ended.set()
        raise AssertionError("nobody comes for it")

    async def unavailable(_tenant_id: Id, _key_id: Id) -> bytes:
        await searched(world)
        raise LedgerUnavailable

    monkeypatch.setattr(world.search, "find", endless)
    monkeypatch.setattr(services.keyring, "create", unavailable)
    caller, request = await caller_of(world), guarded(services, AskIn(question="Which river is Lethe?"))
    with pytest.raises(LedgerUnavailable):
        await ask_or_recall(services, caller, request, new_id())
    async with asyncio.timeout(20):
        await ended.wait()


@pytest.mark.parametrize("here", [True, False])
async def test_no_search_begins_where_another_process_answers(
    world: World, monkeypatch: pytest.MonkeyPatch, here: bool
) -> None:
    services = await searching_freely(world)
    world.workflows.answers_here = here

    async def away(_ref: QuestionRef) -> AnswerOutcome:
        async with asyncio.timeout(20):
            while here and not world.search.requests:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert len(world.search.requests) == here
        raise WorkflowsUnavailable

    monkeypatch.setattr(world.workflows, "answer", away)
    caller, request = await caller_of(world), guarded(services, AskIn(question="Which river is Lethe?"))
    memo = await ask_or_recall(services, caller, request, new_id())
    done = await answer_together(services, caller, request, memo, Deadline.of(services.settings.limits))
    assert done.fallen is DegradedReason.WORKFLOWS_DOWN
    assert memo.question_id
    assert services.answering.under_way.take_search(memo.question_id, memo.seq or 0) is None


def test_before_its_first_connection_no_process_answers() -> None:
    assert not TemporalLink(1.0).answers_here
