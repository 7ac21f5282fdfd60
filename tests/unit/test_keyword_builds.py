"""Which keyword builds a tenant has while releases of two revisions of the terms run. Over a real SQLite ledger."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.keywords import InMemoryKeywordIndex
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.keywords import SqliteKeywords
from lethe.adapters.sql import SqlLedger
from lethe.contracts.indexing import BuildRef
from lethe.indexing import keyword_builds
from lethe.indexing.audit.fillers import KeywordFiller
from lethe.indexing.cutover import Cutover
from lethe.indexing.following import Follower
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.model.operations import DispatchKind
from lethe.settings import IndexingSettings, MigrationSettings, Settings
from tests.contract.ledger_rows import NOON, add_tenant, at


@dataclass
class Tenant:
    """With documents that were served, and what each release does for it."""

    ledger: SqlLedger
    index: InMemoryKeywordIndex
    id: Id
    monkeypatch: pytest.MonkeyPatch

    async def visit(self, revision: int) -> None:
        """By the release whose terms are of that revision."""
        self.monkeypatch.setattr(keyword_builds, "KEYWORD_SPEC", f"terms@{revision}")
        await self.builds.ensure(self.id, NOON)

    @property
    def builds(self) -> KeywordBuilds:
        return KeywordBuilds(self.ledger, self.index)

    async def open(self) -> list[tuple[str, BuildState]]:
        async with self.ledger.read() as unit:
            return [(build.spec, build.state) for build in await unit.builds.open_keywords(self.id)]

    async def newest(self) -> IndexBuild:
        async with self.ledger.read() as unit:
            return (await unit.builds.open_keywords(self.id))[-1]

    async def complete(self, build: IndexBuild) -> bool:
        """As its workflow does when it is filled; what it replaces is dropped."""
        ref = BuildRef(tenant_id=self.id, build_id=build.id)
        closed = await self.cutover.flip(ref)
        await self.cutover.finish(ref)
        return closed.is_active

    @property
    def cutover(self) -> Cutover:
        settings = IndexingSettings()
        follower = Follower(
            self.ledger, FakeKeyRing(), InMemoryVectorIndex(), KeywordFiller(self.index), FakeClock(NOON), settings
        )
        return Cutover(self.ledger, follower, self.builds, settings, MigrationSettings(), drop_after_seconds=60)

    async def followed(self) -> list[Id]:
        async with self.ledger.read() as unit:
            pending = await unit.dispatches.pending(at(1), 10)
        return [each.ref for each in pending if each.kind is DispatchKind.BUILD_INDEX]


OLD, NEW = "terms@9", "terms@10"
ACTIVE, BUILDING = BuildState.ACTIVE, BuildState.BUILDING


@pytest.fixture
async def tenant(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Tenant]:
    """Its active build is of the older revision."""
    ledger = SqlLedger.from_settings(sqlite_settings)
    made = Tenant(ledger, InMemoryKeywordIndex(), await add_tenant(ledger, seq=5), monkeypatch)
    await made.visit(9)
    await made.complete(await made.newest())
    assert await made.open() == [(OLD, ACTIVE)]
    yield made
    await ledger.close()


async def test_an_older_build_serves_until_the_newer_one_is_whole(tenant: Tenant) -> None:
    older = await tenant.newest()
    await tenant.visit(10)
    assert await tenant.open() == [(OLD, ACTIVE), (NEW, BUILDING)]
    newer = await tenant.newest()
    assert await tenant.followed() == [newer.id]
    assert await tenant.index.exists(older)
    assert await tenant.complete(newer)
    assert await tenant.open() == [(NEW, ACTIVE)]
    assert not await tenant.index.exists(older)


async def test_two_releases_do_not_undo_each_others_builds(tenant: Tenant) -> None:
    for revision in (10, 9, 10, 9):
        await tenant.visit(revision)
        assert await tenant.open() == [(OLD, ACTIVE), (NEW, BUILDING)]
    await tenant.complete(await tenant.newest())
    for revision in (9, 10):
        await tenant.visit(revision)
        assert await tenant.open() == [(NEW, ACTIVE)]


async def test_an_older_build_that_is_whole_at_last_does_not_take_the_place_of_a_newer_one(tenant: Tenant) -> None:
    await tenant.visit(10)
    newer = await tenant.newest()
    await tenant.complete(newer)
    async with tenant.ledger.write() as unit:
        number = await unit.builds.next_number(tenant.id, BuildKind.KEYWORD)
        late = IndexBuild(
            tenant.id, "00000000-0000-4000-8000-000000000001", BuildKind.KEYWORD, OLD, number, "", BUILDING, 5, NOON
        )
        await unit.builds.add(late)
    await tenant.index.create_build(late)
    assert not await tenant.complete(late)
    assert await tenant.open() == [(NEW, ACTIVE)]
    assert await tenant.index.exists(newer)


async def test_a_lost_build_of_either_revision_is_made_anew(tenant: Tenant) -> None:
    await tenant.visit(10)
    await tenant.index.drop_build(await tenant.newest())
    await tenant.visit(10)
    assert await tenant.open() == [(OLD, ACTIVE), (NEW, BUILDING)]
    assert await tenant.index.exists(await tenant.newest())
    await tenant.complete(await tenant.newest())
    await tenant.index.drop_build(await tenant.newest())
    await tenant.visit(9)
    assert await tenant.open() == [(OLD, BUILDING)]


async def test_where_nothing_was_served_the_newer_build_takes_over_at_once(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SqlLedger.from_settings(sqlite_settings)
    fresh = Tenant(ledger, InMemoryKeywordIndex(), await add_tenant(ledger), monkeypatch)
    await fresh.visit(9)
    await fresh.visit(10)
    assert await fresh.open() == [(NEW, ACTIVE)]
    await ledger.close()


async def test_a_damaged_file_is_noticed_by_a_deletion_and_a_new_build_takes_its_place(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    ledger, index = SqlLedger.from_settings(sqlite_settings), SqliteKeywords(tmp_path / "keywords", wait_seconds=15)
    tenant_id = await add_tenant(ledger)
    builds = KeywordBuilds(ledger, index)
    await builds.ensure(tenant_id, NOON)
    async with ledger.read() as unit:
        (damaged,) = await unit.builds.open_keywords(tenant_id)
    (file,) = (tmp_path / "keywords").iterdir()
    file.write_bytes(b"garbage " * 2_000)
    assert await index.delete_versions(damaged, [new_id()]) == 0
    await builds.ensure(tenant_id, NOON)
    async with ledger.read() as unit:
        (anew,) = await unit.builds.open_keywords(tenant_id)
    assert (anew.number, anew.state) == (damaged.number + 1, ACTIVE)
    assert await index.page(anew, None, 10) == []
    await ledger.close()


class CountedIndex(InMemoryKeywordIndex):
    """Knows how often it was asked for a build."""

    asked = 0

    async def exists(self, build: IndexBuild) -> bool:
        self.asked += 1
        return await super().exists(build)


async def test_looking_after_many_tenants_costs_no_look_at_each(sqlite_settings: Settings) -> None:
    ledger, index = SqlLedger.from_settings(sqlite_settings), CountedIndex()
    builds = KeywordBuilds(ledger, index)
    for _ in range(40):
        await add_tenant(ledger)
    await builds.look_after(NOON)

    async def held() -> list[tuple[BuildState, bool]]:
        async with ledger.read() as unit:
            every = [each for tenant in await unit.tenants.list() for each in await unit.builds.list(tenant.id)]
        return [(build.state, await index.exists(build)) for build in every]

    assert await held() == [(ACTIVE, True)] * 40
    index.asked = 0
    await builds.look_after(NOON)
    assert 0 < index.asked <= 20
    newcomer = await add_tenant(ledger)
    await builds.look_after(NOON)
    async with ledger.read() as unit:
        (build,) = await unit.builds.open_keywords(newcomer)
    async with ledger.write() as unit:
        await unit.builds.set_state(newcomer, build.id, BuildState.RETIRED)
    await builds.look_after(NOON)
    assert not await index.exists(build)
    assert await held() == [(ACTIVE, True)] * 41
    # A crash of PostgreSQL.
    async with ledger.read() as unit:
        for tenant in await unit.tenants.list():
            for each in await unit.builds.list(tenant.id):
                await index.drop_build(each)
    await builds.look_after(NOON)
    assert await held() == [(ACTIVE, True)] * 41
    await ledger.close()
