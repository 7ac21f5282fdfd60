"""Changing which build questions read, and taking builds away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lethe.contracts.indexing import BuildRef, Closed, Dropped, TakeBack
from lethe.errors import IndexBuildStateConflict, TextsRefused
from lethe.indexing.dropping import drop_retired
from lethe.indexing.following import Follower
from lethe.indexing.keyword_builds import KeywordBuilds, revision_of
from lethe.indexing.migration.changed import is_compared
from lethe.indexing.moves import refuse_to_lose, retire, serve, serve_again
from lethe.model.indexes import OVER, BuildKind, BuildState, IndexBuild
from lethe.model.migrations import NOT_COMPARED_YET, Migration, MigrationState
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.vectors import ChunkIndex
from lethe.settings import IndexingSettings, MigrationSettings


@dataclass(frozen=True, slots=True)
class Cutover:
    """Every change is one commit under the tenant's lock. ``drop_after_seconds``: the longest a question may last."""

    ledger: Ledger
    follower: Follower
    keyword_builds: KeywordBuilds
    settings: IndexingSettings
    gate: MigrationSettings
    drop_after_seconds: float

    async def close(self, ref: BuildRef) -> Closed:
        """Bring the build up to date and make it the active one, as often as commits come in between."""
        closed = Closed()
        for _ in range(self.settings.closing_tries):
            await self.follower.step(ref)
            closed = await self.flip(ref)
            if closed.is_active or closed.is_over or closed.is_uncompared:
                return closed
        return closed

    async def flip(self, ref: BuildRef) -> Closed:
        """Make a complete build the active one. A repeat finds it active.

        That of a migration only if the migration stands by then as it is to stand, and little of it was not compared:
        its row changes in the same commit.

        A keyword build that was lost meanwhile is given up: a new one is planned in its place. A vector build is filled
        again, though nothing new came in that would show its follower the loss.
        """
        async with self.ledger.read() as uow:
            seen = await uow.builds.get(ref.tenant_id, ref.build_id)
        if seen is None:
            return Closed(is_over=True)
        if seen.state is BuildState.BUILDING and not await self._index(seen).exists(seen):
            return await self._lost(seen)
        async with self.ledger.write() as uow:
            return await self._flip(uow, ref)

    async def _flip(self, uow: UnitOfWork, ref: BuildRef) -> Closed:
        tenant = await uow.tenants.lock(ref.tenant_id)
        build = await uow.builds.get(ref.tenant_id, ref.build_id)
        if build is None or build.state in OVER:
            return Closed(is_over=True)
        if build.state is not BuildState.BUILDING:
            return await self._closed(uow, build)
        active = await uow.builds.active(ref.tenant_id, build.kind)
        if build.kind is BuildKind.KEYWORD and active and revision_of(active.spec) > revision_of(build.spec):
            await retire(uow, build)
            await uow.dispatches.delete_for(ref.tenant_id, [build.id])
            return Closed(is_over=True)
        # What ingestion writes to a keyword build that is being built needs no following.
        if build.kind is BuildKind.VECTOR and build.seq != tenant.seq:
            return Closed()
        migration = await uow.migrations.get(ref.tenant_id, build.id)
        if migration is not None and not migration.may_serve:
            return Closed()
        if migration is not None and not await is_compared(uow, migration, self.gate):
            now = self.follower.clock.now()
            await uow.migrations.update(replace(migration, code=NOT_COMPARED_YET, updated_at=now))
            return Closed(is_uncompared=True)
        await serve(uow, build, active)
        await uow.dispatches.delete_for(ref.tenant_id, [build.id])
        if migration is not None:
            await self._note(uow, migration, MigrationState.SOAKING)
        return await self._closed(uow, build)

    async def _note(self, uow: UnitOfWork, migration: Migration, state: MigrationState, code: str = "") -> None:
        now = self.follower.clock.now()
        noted = replace(migration, state=state, code=code, move=None, updated_at=now)
        await uow.migrations.update(replace(noted, cut_over_at=migration.cut_over_at or now))

    async def take_back(self, ref: TakeBack) -> bool:
        """As `close`, for a build that was replaced. Raises IndexBuildStateConflict, TextsRefused."""
        for _ in range(self.settings.closing_tries):
            await self.follower.step(ref)
            try:
                if await self.roll_back(ref):
                    return True
            except TextsRefused:
                await self._forget_order(ref)
                raise
        return False

    async def _forget_order(self, ref: TakeBack) -> None:
        """It was given before anybody knew what would be lost; who wants it all the same orders it so."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            left = await uow.migrations.get(ref.tenant_id, ref.serving)
            if left is not None and left.state is MigrationState.SOAKING and not left.despite_refused:
                await self._note(uow, left, MigrationState.SOAKING, TextsRefused.code)

    async def roll_back(self, ref: TakeBack) -> bool:
        """Make a replaced build the active one again; False while it lags.

        Raises IndexBuildStateConflict: what serves since in place of both is not undone; TextsRefused: texts would be
        lost that its model refuses, and nobody has ordered it despite that.
        """
        async with self.ledger.write() as uow:
            tenant = await uow.tenants.lock(ref.tenant_id)
            build = await uow.builds.get(ref.tenant_id, ref.build_id)
            if build is None or build.kind is not BuildKind.VECTOR:
                raise IndexBuildStateConflict("Only a vector build that was replaced can be taken back.")
            if build.state is BuildState.ACTIVE:
                return True
            if build.state is not BuildState.SOAKING:
                raise IndexBuildStateConflict(f"An index build that is {build.state} cannot be taken back.")
            active = await uow.builds.active(ref.tenant_id, build.kind)
            if active is None or active.id != ref.serving:
                raise IndexBuildStateConflict("Another build serves by now than the one to be left.")
            if build.seq != tenant.seq:
                return False
            left = await uow.migrations.get(ref.tenant_id, active.id)
            if left is not None and not left.despite_refused:
                await refuse_to_lose(uow, build, active)
            await serve_again(uow, build, active)
            if left is not None and left.state is MigrationState.SOAKING:
                await self._note(uow, left, MigrationState.ROLLED_BACK)
        return True

    async def abort(self, ref: BuildRef) -> Dropped:
        """Give up a build that is on its way. Raises IndexBuildStateConflict if it serves, or did."""
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            build = await uow.builds.get(ref.tenant_id, ref.build_id)
            if build is None or build.state is BuildState.DROPPED:
                return Dropped()
            if build.state in {BuildState.ACTIVE, BuildState.SOAKING}:
                raise IndexBuildStateConflict("The build serves already.")
            await retire(uow, build)
            await uow.dispatches.delete_for(ref.tenant_id, [build.id])
        return await self._drop([build])

    async def finish(self, ref: BuildRef) -> Dropped:
        """Drop what the build has replaced, and whatever is left from before; itself, if it was taken back.

        Itself replaced by a newer one it stays: questions read it still, and the newer one may be taken back to it.
        """
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            own = await uow.builds.get(ref.tenant_id, ref.build_id)
            active = await uow.builds.active(ref.tenant_id, own.kind) if own is not None else None
            builds = await uow.builds.list(ref.tenant_id)
            going = [build for build in builds if own is not None and _is_over(build, own, active)]
            for build in going:
                await retire(uow, build)
        return await self._drop(going)

    async def _drop(self, retired: Sequence[IndexBuild]) -> Dropped:
        for build in retired:
            await drop_retired(self.ledger, self._index(build), replace(build, state=BuildState.RETIRED))
        return Dropped(builds=[build.id for build in retired])

    async def _lost(self, build: IndexBuild) -> Closed:
        if build.kind is BuildKind.KEYWORD:
            await self.keyword_builds.ensure(build.tenant_id, self.follower.clock.now())
            return Closed(is_over=True)
        await self.follower.begin_again(build)
        return Closed()

    def _index(self, build: IndexBuild) -> ChunkIndex:
        return self.follower.index if build.kind is BuildKind.VECTOR else self.keyword_builds.index

    async def _closed(self, uow: UnitOfWork, build: IndexBuild) -> Closed:
        replaced = [
            other
            for other in await uow.builds.list(build.tenant_id)
            if other.kind is build.kind and other.state is BuildState.SOAKING and other.number < build.number
        ]
        return Closed(
            is_active=True,
            replaced=max(replaced, key=_last).id if replaced and build.kind is BuildKind.VECTOR else None,
            drop_after_seconds=self.drop_after_seconds,
            soak_pause_seconds=self.settings.soak_pause_seconds,
        )


def _is_over(build: IndexBuild, own: IndexBuild, active: IndexBuild | None) -> bool:
    """Whether the build is replaced; what is newer, or served since, has a workflow of its own that ends it."""
    if build.kind is not own.kind or build.number > own.number:
        return False
    if build.state is not BuildState.SOAKING:
        return build.state is BuildState.RETIRED
    if build.id == own.id:
        return active is None or active.number < own.number
    return _last(build) < _last(own)


def _last(build: IndexBuild) -> int:
    """The commit that last made it the active one."""
    return max(build.served_from, default=0)
