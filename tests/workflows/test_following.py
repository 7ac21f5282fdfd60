"""FollowBuild: every page, wherever a run ends."""

import pytest
from temporalio.client import Client

from lethe.contracts.indexing import FollowRun
from lethe.model.ids import new_id
from tests.workflows.scripted import Scripted, replayed
from workflows.following import STEPS_PER_RUN, FollowBuild
from workflows.policies import Queue


@pytest.mark.parametrize("pages", [1, STEPS_PER_RUN + 1])
async def test_a_build_is_followed_to_its_end_and_completed_once(client: Client, pages: int) -> None:
    scripted = Scripted()
    scripted.follow_pages = pages
    state = FollowRun(tenant_id=new_id(), build_id=new_id())
    async with scripted.running(client):
        handle = await client.start_workflow(
            FollowBuild.run, state, id=f"follow-build/{new_id()}", task_queue=Queue.CONTROL
        )
        assert await handle.result() is True
        assert await handle.query(FollowBuild.progress) == 10 * pages
        await replayed(handle)
    assert scripted.calls.count("follow_build") == pages
    assert scripted.calls[-1] == "complete_build"
    assert scripted.calls.count("complete_build") == 1
