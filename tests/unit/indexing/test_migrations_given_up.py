"""Migrations away from a model that cannot be asked any more, and ones that are given up."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.contracts.indexing import BuildRef
from lethe.contracts.migrations import Judged, JudgeStep, VectorTally
from lethe.errors import EmbedderRefused, EmbedderUnavailable, IndexBuildStateConflict, LetheError, ProviderNotAllowed
from lethe.model.indexes import BuildState
from lethe.model.migrations import MigrationMove, MigrationState
from lethe.model.operations import DispatchKind
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors
from tests.unit.indexing.migrating import Migrating, over
from tests.unit.indexing.world import World


@pytest.fixture
async def migrating(world: World) -> Migrating:
    return await over(world, "alpha beta")


@dataclass
class Refused(HashEmbedder):
    """A model that may not be asked, or gives no answer."""

    error: LetheError

    def __post_init__(self) -> None:
        super().__init__()

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        raise self.error


async def judged_without(migrating: Migrating, ref: BuildRef, error: LetheError, *, is_last: bool) -> Judged:
    gate = migrating.gate
    models = (Refused(error), migrating.world.other)
    unasked = replace(gate, reader=replace(gate.reader, models=models))
    await migrating.runner.note(ref, MigrationState.CHECKING)
    return await unasked.judge(JudgeStep(**ref.model_dump(), tally=VectorTally(), is_last=is_last))


@pytest.mark.parametrize("error", [ProviderNotAllowed(), EmbedderRefused()])
async def test_away_from_a_model_that_may_not_be_asked_somebody_has_to_order_the_cutover(
    migrating: Migrating, error: LetheError
) -> None:
    for number in range(7):
        await migrating.asked(f"question {number}")
    ref = await migrating.begun()
    assert (await judged_without(migrating, ref, error, is_last=False)).passed
    report = (await migrating.row(ref)).report
    assert (report["unasked"], report["figures"]["questions"]) == (7, 0)
    look = await migrating.runner.look(ref)
    assert (look.may_close, (await migrating.row(ref)).code) == (False, "not_compared")
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.CUTOVER)
    assert (await migrating.runner.look(ref)).may_close


async def test_a_model_that_serves_and_does_not_answer_is_waited_for_first(migrating: Migrating) -> None:
    await migrating.asked("alpha")
    ref = await migrating.begun()
    with pytest.raises(EmbedderUnavailable):
        await judged_without(migrating, ref, EmbedderUnavailable(), is_last=False)
    assert (await judged_without(migrating, ref, EmbedderUnavailable(), is_last=True)).passed
    assert not (await migrating.runner.look(ref)).may_close


async def test_given_up_it_says_why(migrating: Migrating) -> None:
    ref = await migrating.begun()
    await migrating.world.cutover.abort(ref)
    await migrating.runner.settle(ref, "embedder_unavailable")
    row = await migrating.row(ref)
    assert (row.state, row.code) == (MigrationState.ABORTED, "embedder_unavailable")


async def test_given_up_after_its_cutover_it_says_what_serves(migrating: Migrating) -> None:
    ref = await migrating.begun()
    await migrating.serving(ref)
    with pytest.raises(IndexBuildStateConflict):
        await migrating.world.cutover.abort(ref)
    await migrating.runner.settle(ref, "embedder_unavailable")
    row = await migrating.row(ref)
    assert (row.state, row.code) == (MigrationState.FINISHED, "")
    assert (await migrating.world.build(ref)).state is BuildState.ACTIVE


async def test_asked_for_its_end_one_whose_workflow_is_gone_is_begun_again(migrating: Migrating) -> None:
    ref = await migrating.begun()
    later = migrating.world.pipeline.clock.now() + timedelta(days=1)
    ledger = migrating.world.ledger
    async with ledger.write() as uow:
        for dispatch in await uow.dispatches.pending(later, 50):
            await uow.dispatches.mark(dispatch, later)
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ABORT)
    async with ledger.read() as uow:
        (pending,) = await uow.dispatches.pending(later, 50)
    assert (pending.kind, pending.ref, pending.again) == (DispatchKind.MIGRATE_EMBEDDINGS, ref.build_id, True)
    assert (await migrating.runner.open(ref)).is_over is False
    assert (await migrating.runner.look(ref)).is_aborted
