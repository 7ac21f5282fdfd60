"""The search of a question begins while its workflow starts: only where that workflow's steps come for it."""

import asyncio
from dataclasses import replace

import pytest

from api.asking import guarded
from api.deadlines import Deadline
from api.recalling import answer_together, ask_or_recall
from api.schemas.questions import AskIn
from api.temporal import TemporalLink
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.contracts.answering import AnswerOutcome, QuestionRef
from lethe.errors import WorkflowsUnavailable
from lethe.model.answers import DegradedReason
from lethe.model.ids import new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from tests.unit.api.streams import caller_of
from tests.unit.api.world import World


@pytest.mark.parametrize("here", [True, False])
async def test_no_search_begins_where_another_process_answers(
    world: World, monkeypatch: pytest.MonkeyPatch, here: bool
) -> None:
    spec, at = HashEmbedder().spec.key, world.clock.now()
    async with world.services.ledger.write() as uow:
        await uow.builds.add(
            IndexBuild(world.tenant_id, new_id(), BuildKind.VECTOR, spec, 1, "C", BuildState.ACTIVE, 0, at)
        )
    services = replace(world.services, answering=replace(world.services.answering, searches_freely=True))
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
    assert services.answering.under_way.take_search(memo.question_id) is None


def test_before_its_first_connection_no_process_answers() -> None:
    assert not TemporalLink(1.0).answers_here
