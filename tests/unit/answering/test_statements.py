"""How much SQL a question takes: each statement is a trip to another thread or another machine while somebody waits."""

import pytest

from lethe.answering.caching.exact import look_up
from lethe.answering.steps import ask, finish, generate, retrieve
from lethe.answering.views import present
from lethe.contracts.answering import QuestionRef
from lethe.model.ids import new_id
from tests.statements import counting
from tests.unit.answering.test_cache import World, planted, world

__all__ = ["planted", "world"]


@pytest.mark.usefixtures("planted")
async def test_a_question_and_the_same_again(world: World):
    """With an in-memory key ring, so without the two units of that one."""
    deps, caller, request = world.deps, world.caller, world.request()
    with counting() as first:
        looked = await look_up(deps, caller, request, new_id())
        question = await ask(deps, caller, request, world.clock.now(), new_id(), looked.place)
        ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
        await finish(deps, await generate(deps, await retrieve(deps, ref)))
        assert (await present(deps, caller, question.id)).citations
    with counting() as again:
        found = await look_up(deps, caller, request, new_id())
        assert found.view is not None
        assert found.view.citations
    assert (first.units, again.units) == (7, 2)
    assert first.statements <= 27
    assert again.statements <= 10
