"""Texts that are not sent to a migration's model: nobody may find them now, or the model refuses them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.contracts.audit import AuditRef, AuditStep, AuditTally
from lethe.contracts.indexing import BuildRef
from lethe.errors import EmbedderRefused, EmbedderUnavailable, TextsRefused
from lethe.ingestion.quarantines import Quarantines
from lethe.ingestion.restricting import Restrictions
from lethe.model.audits import AuditTrigger
from lethe.model.ids import new_id
from lethe.model.indexes import BuildState
from lethe.model.migrations import MigrationMove, MigrationState
from lethe.model.operations import DispatchKind
from lethe.model.processors import Origin
from lethe.ports.embedding import InputKind, Vectors
from lethe.privacy import readmitting
from tests.unit.indexing.migrating import Migrating, over
from tests.unit.indexing.world import World

HIDDEN = "a text that nobody may read now"


class Choosy(HashEmbedder):
    """Takes no text with one of these words."""

    def __init__(self, *words: str, seed: str = "b") -> None:
        super().__init__(seed)
        self.words = words

    async def embed(self, texts: Sequence[str], kind: InputKind, origin: Origin | None = None) -> Vectors:
        if any(word in text for text in texts for word in self.words):
            self.texts.extend(texts)
            raise EmbedderRefused
        return await super().embed(texts, kind, origin)


@pytest.fixture
async def migrating(world: World) -> Migrating:
    return await over(world, f"{HIDDEN}\nand another line of it", "alpha\nbeta")


class Hiding:
    """One of the two ways to keep a document from everybody."""

    def __init__(self, migrating: Migrating, way: str) -> None:
        self.caller, self.way = migrating.caller, way
        world = migrating.world
        self.document_id = world.documents[0]
        self.restrictions = Restrictions(world.ledger, world.pipeline.clock)
        self.quarantines = Quarantines(world.ledger, world.pipeline.keyring, world.pipeline.clock)

    async def hide(self) -> None:
        if self.way == "restriction":
            await self.restrictions.restrict(self.caller, self.document_id, "objection")
        else:
            self.quarantine = await self.quarantines.hide_document(self.caller, self.document_id, "doubt")

    async def show(self) -> None:
        if self.way == "restriction":
            await self.restrictions.release(self.caller, self.document_id)
        else:
            await self.quarantines.lift(self.caller, self.quarantine.id)


@pytest.fixture(params=["restriction", "quarantine"])
async def hiding(migrating: Migrating, request: pytest.FixtureRequest) -> Hiding:
    return Hiding(migrating, request.param)


def sent(world: World) -> bool:
    return any(HIDDEN in text for text in world.other.texts)


async def test_what_nobody_may_find_is_sent_to_no_new_model_and_follows_when_it_is_shown_again(
    migrating: Migrating, hiding: Hiding
) -> None:
    world = migrating.world
    await hiding.hide()
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed
    build = await world.build(ref)
    assert ({item.document_id for item in world.memory.held(build).values()}, sent(world)) == (
        {world.documents[1]},
        False,
    )
    await hiding.show()
    assert not (await world.cutover.flip(ref)).is_active
    await world.followed(ref)
    assert sent(world)
    await world.assert_equal(await world.build(ref))
    assert (await world.cutover.close(ref)).is_active


async def test_what_nobody_may_find_is_not_missed_by_the_gate(migrating: Migrating, hiding: Hiding) -> None:
    await migrating.asked(HIDDEN)
    await hiding.hide()
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed
    assert (await migrating.row(ref)).report["figures"]["overlap"] == 1.0


async def test_shown_after_the_cutover_it_is_brought_in_by_an_audit(migrating: Migrating, hiding: Hiding) -> None:
    world = migrating.world
    await hiding.hide()
    ref = await migrating.begun()
    await migrating.serving(ref)
    found = await audited(world, ref)
    assert (found.expected, found.found, found.holes, sent(world)) == (2, 2, 0, False)
    await hiding.show()
    kinds = await dispatched(world)
    assert kinds.count(DispatchKind.AUDIT_TENANT) == 1
    await audited(world, ref)
    await world.assert_equal(await world.build(ref))


async def test_what_was_never_kept_out_of_the_index_asks_for_no_audit(migrating: Migrating, hiding: Hiding) -> None:
    await hiding.hide()
    await hiding.show()
    assert DispatchKind.AUDIT_TENANT not in await dispatched(migrating.world)


async def test_the_same_model_has_its_vectors_and_keeps_what_is_hidden(migrating: Migrating, hiding: Hiding) -> None:
    world = migrating.world
    await hiding.hide()
    ref = await migrating.begun(world.embedder.spec.key)
    await migrating.serving(ref)
    await world.assert_equal(await world.build(ref))
    assert sum(HIDDEN in text for text in world.embedder.texts) == 1, "when it came in"


async def test_what_is_shown_again_is_followed_a_page_at_a_time(
    migrating: Migrating, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readmitting, "_PAGE", 1)
    world = migrating.world
    async with world.ledger.write() as uow:
        await uow.tenants.lock(world.tenant_id)
        await readmitting.readmit(uow, world.tenant_id, world.documents.values(), world.pipeline.clock.now())
        versions = await uow.versions.changed_after(world.tenant_id, 0, 10)
    assert len({version.changed_seq for version in versions}) == len(versions) == 2


async def test_a_text_that_the_model_refuses_is_held_back_and_the_others_go_on(migrating: Migrating) -> None:
    world = choosy(migrating, "another")
    await world.write(2, "gamma")
    ref = await migrating.begun()
    tries = [text for text in world.other.texts if "another" in text]
    assert (await migrating.judged(ref)).passed
    assert [text for text in world.other.texts if "another" in text] == tries, "it is not sent again"
    held = world.memory.held(await world.build(ref)).values()
    assert sorted(item.ordinal for item in held if item.document_id == world.documents[0]) == [0]
    assert len(held) == 4
    row = await migrating.row(ref)
    assert (row.report["refused"], row.report["refused_documents"]) == (1, [world.documents[0]])
    look = await migrating.runner.look(ref)
    assert (look.may_close, (await migrating.row(ref)).code) == (False, "texts_refused")
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.CUTOVER)
    assert (await migrating.runner.look(ref)).may_close
    assert (await world.cutover.close(ref)).is_active


async def test_a_refused_text_is_told_by_audits_and_sent_again_every_night(migrating: Migrating) -> None:
    world = choosy(migrating, "another")
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.CUTOVER)
    assert (await world.cutover.close(ref)).is_active
    tried = len(world.other.texts)
    for trigger in (AuditTrigger.REQUEST, AuditTrigger.SCHEDULE):
        found = await audited(world, ref, trigger)
        assert (found.expected, found.holes, found.refused) == (3, 0, 1)
        assert (len(world.other.texts) > tried) is (trigger is AuditTrigger.SCHEDULE)
    assert isinstance(world.other, Choosy)
    world.other.words = ()
    healed = await audited(world, ref, AuditTrigger.SCHEDULE)
    assert (healed.holes, healed.repaired, healed.refused) == (1, 1, 0)
    await world.assert_equal(await world.build(ref))


async def test_there_is_no_way_back_that_loses_texts_unless_it_is_ordered_so(migrating: Migrating) -> None:
    world = migrating.world
    [old] = await world.builds()
    ref = await migrating.begun()
    await migrating.serving(ref)
    world.embedder = Choosy("gamma", seed=world.embedder.seed)
    world.pipeline = replace(world.pipeline, embedder=world.embedder)
    await world.write(2, "gamma")
    await world.followed(world.ref(old))
    with pytest.raises(TextsRefused):
        await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK)
    assert (await migrating.row(ref)).move is None
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK, despite_refused=True)
    assert (await migrating.row(ref)).state is MigrationState.ROLLED_BACK


async def test_only_a_rollback_says_whether_it_may_lose_texts(migrating: Migrating) -> None:
    ref = await migrating.begun()
    await migrating.serving(ref)
    await migrating.world.write(2, "gamma")
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.ROLLBACK, despite_refused=True)
    await migrating.migrations.move(migrating.caller, ref.build_id, MigrationMove.FINISH)
    row = await migrating.row(ref)
    assert (row.move, row.despite_refused) == (MigrationMove.FINISH, True)


@pytest.mark.parametrize("despite_refused", [False, True])
async def test_a_way_back_on_which_a_text_is_refused_asks_unless_it_was_ordered_so(
    migrating: Migrating, despite_refused: bool
) -> None:
    world, back = migrating.world, MigrationMove.ROLLBACK
    [old] = await world.builds()
    ref = await migrating.begun()
    await migrating.serving(ref)
    world.embedder = Choosy("gamma", seed=world.embedder.seed)
    world.pipeline = replace(world.pipeline, embedder=world.embedder)
    await world.write(2, "gamma")
    way = await world.back_to(world.ref(old))
    ordered = await migrating.migrations.move(migrating.caller, ref.build_id, back, despite_refused=despite_refused)
    assert (ordered.migration.state, ordered.lag) == (MigrationState.SOAKING, 1), "nobody knows yet"
    if not despite_refused:
        with pytest.raises(TextsRefused):
            await world.cutover.take_back(way)
        look, row = await migrating.runner.look(ref), await migrating.row(ref)
        assert (look.goes_back, row.state, row.move, row.code) == (False, MigrationState.SOAKING, None, "texts_refused")
        assert (await world.build(ref)).state is BuildState.ACTIVE
        await migrating.migrations.move(migrating.caller, ref.build_id, back, despite_refused=True)
    assert await world.cutover.take_back(way)
    row = await migrating.row(ref)
    assert (row.state, row.code) == (MigrationState.ROLLED_BACK, "")


async def test_the_next_migration_sends_a_refused_text_once_more(migrating: Migrating) -> None:
    world = choosy(migrating, "another")
    first = await migrating.begun()
    await world.cutover.abort(first)
    await migrating.runner.settle(first)
    assert isinstance(world.other, Choosy)
    world.other.words = ()
    second = await migrating.begun()
    await world.assert_equal(await world.build(second))
    assert (await migrating.judged(second)).passed
    assert (await migrating.row(second)).report["refused"] == 0


async def test_a_provider_that_refuses_everything_refuses_no_text(migrating: Migrating) -> None:
    world = choosy(migrating, "")
    ref = await migrating.opened()
    with pytest.raises(EmbedderUnavailable):
        await world.follower.step(ref)
    async with world.ledger.read() as uow:
        assert (await uow.refusals.told(world.tenant_id, world.other.spec.key, 20)).chunks == 0
    assert (await migrating.row(ref)).state is MigrationState.BUILDING


def choosy(migrating: Migrating, word: str) -> World:
    """The world, whose other model takes no text with the word."""
    world = migrating.world
    world.other = Choosy(word)
    world.pipeline = replace(world.pipeline, others=(world.other,))
    return world


async def dispatched(world: World) -> list[DispatchKind]:
    async with world.ledger.read() as uow:
        return [each.kind for each in await uow.dispatches.pending(world.pipeline.clock.now() + timedelta(1), 50)]


async def audited(world: World, ref: BuildRef, trigger: AuditTrigger = AuditTrigger.REQUEST) -> AuditTally:
    of, after, found = AuditRef(tenant_id=ref.tenant_id, audit_id=new_id(), trigger=trigger), None, AuditTally()
    while True:
        step = await world.auditor.step(AuditStep(audit=of, build_id=ref.build_id, after=after))
        after, found = step.after, found.plus(step.tally)
        if after is None:
            return found
