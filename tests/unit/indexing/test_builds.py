"""A build beside the active one: filled by commits, cut over, taken back, dropped."""

import pytest

from lethe.contracts.indexing import BuildRef
from lethe.errors import EmbedderUnavailable, IndexBuildInProgress, IndexBuildMissing, IndexBuildStateConflict
from lethe.indexing.moves import moved
from lethe.ingestion.steps.indexing import index_versions
from lethe.ingestion.steps.switching import switch_versions
from lethe.model.ids import chunk_id, new_id
from lethe.model.indexes import MOVES, BuildKind, BuildState
from tests.contract.ledger_rows import build
from tests.unit.indexing.corpus import KilledError
from tests.unit.indexing.world import World


async def whole(world: World, ref: BuildRef) -> None:
    await world.followed(ref)
    closed = await world.cutover.flip(ref)
    assert closed.is_active


async def test_a_new_build_holds_what_the_ledger_serves_and_takes_the_place_of_the_old(world: World) -> None:
    for number in range(5):
        await world.write(number, f"alpha {number}\nbeta\ngamma {number}")
    await world.write(1, "delta")
    await world.delete(2)
    await world.remove()
    texts = len(world.embedder.texts)
    (old,), ref = await world.builds(), await world.plan()
    await world.followed(ref)
    await world.assert_equal(await world.build(ref))
    assert len(world.embedder.texts) == texts
    assert await world.reconciled(ref) == 0
    before = await world.seq()
    assert (await world.cutover.flip(ref)).is_active
    assert (await world.reading(before)).id == old.id
    assert (await world.reading(await world.seq())).id == ref.build_id
    assert (await world.cutover.finish(ref)).builds == [old.id]
    with pytest.raises(IndexBuildMissing):
        world.held(old)
    assert (await world.build(world.ref(old))).state is BuildState.DROPPED
    assert (await world.reading(before)).id == ref.build_id


async def test_a_flip_waits_for_the_last_commit(world: World) -> None:
    await world.write(1, "alpha")
    ref = await world.plan()
    await world.followed(ref)
    await world.write(2, "beta")
    closed = await world.cutover.flip(ref)
    assert (closed.is_active, closed.is_over) == (False, False)
    assert (await world.cutover.close(ref)).is_active
    await world.assert_equal(await world.build(ref))


async def test_a_version_on_its_way_during_the_cutover_is_in_the_build_that_serves(world: World) -> None:
    await world.write(1, "alpha")
    ref = await world.plan()
    coming = await world.receive(2, "beta\ngamma")
    await index_versions(world.pipeline, world.tenant_id, [coming])
    await whole(world, ref)
    await switch_versions(world.pipeline, world.tenant_id, [coming.id])
    await world.assert_equal(await world.build(ref))


@pytest.mark.parametrize("change", ["edit", "delete", "readers", "removed"])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_what_changes_during_a_write_is_right_after_it(world: World, change: str, moment: str) -> None:
    await world.write(1, "alpha\nbeta")
    await world.write(2, "gamma")
    ref, reader = await world.plan(), new_id()

    async def meanwhile() -> None:
        match change:
            case "edit":
                await world.write(1, "delta")
            case "readers":
                await world.change(1, reader, "tides")
            case _:
                await world.delete(1)
                if change == "removed":
                    await world.remove()

    setattr(world.memory, moment, meanwhile)
    await world.followed(ref)
    await world.assert_equal(await world.build(ref))


async def test_what_a_killed_step_left_of_a_removed_version_is_found_before_the_cutover(world: World) -> None:
    await world.write(1, "alpha\nbeta")
    ref = await world.plan()

    async def killed() -> None:
        await world.delete(1)
        await world.remove()
        world.memory.after = _kill

    async def _kill() -> None:
        raise KilledError

    world.memory.before = killed
    with pytest.raises(KilledError):
        await world.followed(ref)
    await world.followed(ref)
    assert len(world.held(await world.build(ref))) == 2
    assert await world.reconciled(ref) == 2
    await world.assert_equal(await world.build(ref))


async def test_a_replaced_build_follows_and_is_taken_back(world: World) -> None:
    await world.write(1, "alpha")
    (old,), ref = await world.builds(), await world.plan()
    await whole(world, ref)
    await world.write(1, "beta\ngamma")
    await world.change(1, new_id(), "tides")
    assert not await world.cutover.roll_back(await world.back_to(world.ref(old)))
    between = await world.seq()
    await world.remove()
    assert await world.cutover.take_back(await world.back_to(world.ref(old)))
    await world.assert_equal(await world.build(world.ref(old)))
    assert (await world.reading(between)).id == ref.build_id
    assert (await world.reading(await world.seq())).id == old.id
    assert (await world.cutover.finish(ref)).builds == [ref.build_id]


async def test_a_build_that_a_newer_one_replaced_is_left_to_that_one(world: World) -> None:
    await world.write(1, "alpha")
    (first,), second = await world.builds(), await world.plan()
    await whole(world, second)
    third = await world.plan()
    await whole(world, third)
    assert (await world.cutover.finish(second)).builds == [first.id]
    assert await world.cutover.take_back(await world.back_to(second))
    assert (await world.cutover.finish(third)).builds == [third.build_id]


async def test_a_way_back_leads_to_the_build_that_served_last(world: World) -> None:
    await world.write(1, "alpha")
    (first,), second = await world.builds(), await world.plan()
    await whole(world, second)
    assert await world.cutover.take_back(await world.back_to(world.ref(first)))
    third = await world.plan()
    await world.followed(third)
    assert (await world.cutover.flip(third)).replaced == first.id
    assert (await world.cutover.finish(second)).builds == []
    assert await world.cutover.take_back(await world.back_to(world.ref(first)))
    assert (await world.cutover.finish(third)).builds == [second.build_id, third.build_id]


async def test_a_question_keeps_its_build_however_often_builds_take_each_others_place(world: World) -> None:
    await world.write(1, "alpha")
    (first,), read = await world.builds(), {await world.seq(): 1}
    second, third = world.ref(first), world.ref(first)
    for number in (2, 3):
        third, second = await world.plan(), third
        await whole(world, third)
        read[await world.seq()] = number
    for ref, number in ((second, 2), (world.ref(first), 1), (second, 2), (third, 3)):
        await world.write(1, "beta")
        await world.followed(ref)
        assert await world.cutover.roll_back(await world.back_to(ref))
        read[await world.seq()] = number
    assert {seq: (await world.reading(seq)).number for seq in read} == read


async def test_a_question_finds_what_is_replaced_after_the_cutover_while_its_build_follows(world: World) -> None:
    kept = await world.write(1, "alpha")
    await world.write(2, "beta")
    (old,), began, ref = await world.builds(), await world.seq(), await world.plan()
    await whole(world, ref)
    await world.write(1, "gamma")
    await world.delete(2)
    await world.followed(world.ref(old))
    assert (await world.reading(began)).id == old.id
    assert await world.live_at(began) == {chunk_id(kept, 0)}
    assert await world.live_at(began) <= set(world.held(old))
    await world.remove()
    await world.followed(world.ref(old))
    await world.assert_equal(old)


async def test_another_models_build_waits_for_its_vectors_and_is_not_served_without(world: World) -> None:
    await world.write(1, "alpha")
    other = world.embedder.spec.key.replace("hashed-stems", "other")
    ref = await world.plan(spec=other)
    with pytest.raises(EmbedderUnavailable):
        await world.follower.step(ref)
    assert not (await world.cutover.flip(ref)).is_active
    assert (await world.cutover.abort(ref)).builds == [ref.build_id]


async def test_a_store_that_lost_the_build_gets_it_again(world: World) -> None:
    for number in range(4):
        await world.write(number, f"alpha {number}")
    ref = await world.plan()
    await world.follower.step(ref)
    await world.index.drop_build(await world.build(ref))
    await world.write(9, "beta")
    await world.follower.step(ref)
    await world.followed(ref)
    await world.assert_equal(await world.build(ref))


async def test_the_keyword_build_is_rebuilt_too(world: World) -> None:
    await world.write(1, "alpha")
    await world.write(2, "beta")
    (old,) = await world.builds(BuildKind.KEYWORD)
    ref = await world.plan(BuildKind.KEYWORD)
    await world.write(3, "gamma")
    await world.reconciled(ref)
    assert (await world.cutover.flip(ref)).is_active
    assert (await world.cutover.finish(ref)).builds == [old.id]
    anew = await world.build(ref)
    assert {item.chunk_id for item in await world.keywords.page(anew, None, 10)} == await world.live_at(
        await world.seq()
    )


async def test_one_build_of_a_kind_at_a_time(world: World) -> None:
    await world.plan()
    with pytest.raises(IndexBuildInProgress):
        await world.plan()
    await world.plan(BuildKind.KEYWORD)


async def test_illegal_moves_are_refused(world: World) -> None:
    legal = {(before, after) for before, afters in MOVES.items() for after in afters}
    for before in BuildState:
        for after in BuildState:
            one = build(world.tenant_id, state=before)
            if (before, after) in legal:
                assert moved(one, after).state is after
            else:
                with pytest.raises(IndexBuildStateConflict):
                    moved(one, after)
    (active,) = await world.builds()
    with pytest.raises(IndexBuildStateConflict):
        await world.cutover.abort(world.ref(active))
    with pytest.raises(IndexBuildStateConflict):
        await world.cutover.roll_back(await world.back_to(BuildRef(tenant_id=world.tenant_id, build_id=new_id())))
