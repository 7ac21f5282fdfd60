"""A tenant's index made anew, for one who asks and for all of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.errors import WorkflowsUnavailable
from lethe.indexing.rebuilding import Rebuilding
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind
from lethe.model.operations import Dispatch, DispatchKind, LetterAction
from lethe.ports.workflows import Answered
from tests.contract.ledger_rows import add_tenant, at
from tests.unit.indexing.world import World


def _a_moment(world: World) -> datetime:
    """After all that was."""
    clock = world.pipeline.clock
    assert isinstance(clock, FakeClock)
    return clock.advance(timedelta(seconds=1))


@pytest.mark.parametrize("kind", list(BuildKind))
async def test_a_rebuild_is_over_when_what_was_there_before_it_is_dropped(world: World, kind: BuildKind) -> None:
    await world.write(1, "alpha")
    rebuilding = Rebuilding(world.planner)
    (old,) = await world.builds(kind)
    in_the_way = await world.plan(kind)
    since = _a_moment(world)
    assert not await rebuilding.rebuild(world.tenant_id, kind, since)
    await world.cutover.abort(in_the_way)
    for _ in range(2):
        assert not await rebuilding.rebuild(world.tenant_id, kind, since)
    _, begun = await world.builds(kind)
    await world.cutover.abort(world.ref(begun))
    assert not await rebuilding.rebuild(world.tenant_id, kind, since)
    async with world.ledger.read() as uow:
        (pending,) = await uow.dispatches.pending(at(1_000_000), 10)
    _, again = await world.builds(kind)
    assert (pending.kind, pending.ref) == (DispatchKind.BUILD_INDEX, again.id)
    assert again.id != begun.id
    assert (await world.cutover.close(world.ref(again))).is_active
    assert not await rebuilding.rebuild(world.tenant_id, kind, since)
    assert (await world.cutover.finish(world.ref(again))).builds == [old.id]
    assert await rebuilding.rebuild(world.tenant_id, kind, since)
    assert [build.id for build in await world.builds(kind)] == [again.id]


@dataclass
class _Temporal:
    """Starts what it is asked to, while it answers."""

    answers: bool
    started: list[Dispatch] = field(default_factory=list[Dispatch])

    async def start(self, dispatch: Dispatch) -> None:
        if not self.answers:
            raise WorkflowsUnavailable
        self.started.append(dispatch)

    async def resolve(self, workflow_id: str, action: LetterAction, decision_id: Id) -> Answered:
        raise AssertionError(f"{workflow_id} is no ingestion")


@pytest.mark.parametrize("answers", [True, False])
async def test_a_rebuild_is_started_where_it_is_planned_and_left_to_the_sweeper_only_if_that_fails(
    world: World, *, answers: bool
) -> None:
    await world.write(1, "alpha")
    temporal = _Temporal(answers)
    assert not await Rebuilding(world.planner, temporal).rebuild(world.tenant_id, BuildKind.VECTOR, _a_moment(world))
    _, begun = await world.builds()
    async with world.ledger.read() as uow:
        pending = await uow.dispatches.pending(at(1_000_000), 10)
    started, left = ([begun.id], []) if answers else ([], [begun.id])
    assert ([each.ref for each in temporal.started], [each.ref for each in pending]) == (started, left)


async def test_a_tenant_without_an_index_has_nothing_to_rebuild(world: World) -> None:
    now = world.planner.clock.now()
    assert await Rebuilding(world.planner).rebuild(await add_tenant(world.ledger), BuildKind.VECTOR, now)


async def test_a_rebuild_serves_whoever_had_deleted_before_it_was_planned(world: World) -> None:
    await world.write(1, "alpha")
    rebuilding, since = Rebuilding(world.planner), _a_moment(world)
    assert not await rebuilding.rebuild(world.tenant_id, BuildKind.VECTOR, since)
    between = _a_moment(world)
    _, begun = await world.builds()
    await world.followed(world.ref(begun))
    await world.reconciled(world.ref(begun))
    assert (await world.cutover.flip(world.ref(begun))).is_active
    await world.cutover.finish(world.ref(begun))
    assert await rebuilding.rebuild(world.tenant_id, BuildKind.VECTOR, since)
    assert not await rebuilding.rebuild(world.tenant_id, BuildKind.VECTOR, between)
    assert [build.id for build in await world.builds() if build.id != begun.id], "it is begun anew"
