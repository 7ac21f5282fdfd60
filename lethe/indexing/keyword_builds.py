"""The keyword builds of a tenant: made where there is none, made anew where the store has lost one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.contracts.indexing import BuildRef
from lethe.model.ids import Id, new_id
from lethe.model.indexes import KEYWORD_SPEC, BuildKind, BuildState, IndexBuild
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger, UnitOfWork

COLLECTION: Final = "keywords"
_DRAWN: Final = 20


@dataclass(frozen=True, slots=True)
class KeywordBuilds:
    """Every ingestion writes each open keyword build, active or being built, so that a follower has only the past."""

    ledger: Ledger
    index: KeywordIndex

    async def ensure(self, tenant_id: Id, now: datetime) -> None:
        """Give the tenant a keyword build if it has none that is whole; a follower fills it. Idempotent.

        A build that a crash has emptied is retired for a new one. One of an older revision of the terms serves until
        the new one is whole; one of a newer revision is left to the release that made it.
        """
        async with self.ledger.read() as uow:
            found = await uow.builds.open_keywords(tenant_id)
            number = await uow.builds.next_number(tenant_id, BuildKind.KEYWORD)
        lost = [build.id for build in found if not await self.index.exists(build)]
        if lost or not _is_current(found):
            build = _planned(tenant_id, number, now)
            # Empty, and of the same name whoever makes it: a row never says there is what there is not.
            await self.index.create_build(build)
            async with self.ledger.write() as uow:
                await self._put(uow, build, lost)
        await self.clear(tenant_id)

    async def ensure_all(self, now: datetime) -> None:
        """As `ensure`, for every tenant of the ledger."""
        async with self.ledger.read() as uow:
            tenants = await uow.tenants.list()
        for tenant in tenants:
            await self.ensure(tenant.id, now)

    async def look_after(self, now: datetime) -> None:
        """As `ensure_all`, at the price of two statements while nothing is amiss, however many tenants there are.

        A few builds are looked at: a crash of PostgreSQL empties all of them, and what is lost alone is drawn in time.
        """
        async with self.ledger.read() as uow:
            wanting = await uow.builds.wanting_keywords(KEYWORD_SPEC)
            drawn = await uow.builds.some_keywords(_DRAWN)
        if not all([await self.index.exists(build) for build in drawn]):
            await self.ensure_all(now)
            return
        for tenant_id in wanting:
            await self.ensure(tenant_id, now)

    async def _put(self, uow: UnitOfWork, build: IndexBuild, lost: Sequence[Id]) -> None:
        """In the place of those that are lost or older, unless somebody was first."""
        tenant_id = build.tenant_id
        tenant = await uow.tenants.lock(tenant_id)
        for other in await uow.builds.open_keywords(tenant_id):
            if other.id in lost:
                await uow.builds.set_state(tenant_id, other.id, BuildState.RETIRED)
        is_taken = build.number != await uow.builds.next_number(tenant_id, BuildKind.KEYWORD)
        older = await uow.builds.open_keywords(tenant_id)
        if is_taken or _is_current(older):
            return
        # Where nothing was ever served, what comes is written by whoever brings it.
        state = BuildState.BUILDING if tenant.seq else BuildState.ACTIVE
        for other in older:
            if state is BuildState.ACTIVE or other.state is BuildState.BUILDING:
                await uow.builds.set_state(tenant_id, other.id, BuildState.RETIRED)
        await uow.builds.add(replace(build, state=state, seq=tenant.seq))
        if state is BuildState.BUILDING:
            workflow_id = dispatch_id(DispatchKind.FOLLOW_BUILD, tenant_id, build.id)
            dispatch = Dispatch(tenant_id, workflow_id, DispatchKind.FOLLOW_BUILD, build.id, build.created_at)
            await uow.dispatches.add(dispatch)

    async def complete(self, ref: BuildRef) -> bool:
        """Make a filled build the active one; False if it was lost or retired meanwhile, or a newer revision serves."""
        async with self.ledger.read() as uow:
            build = await uow.builds.get(ref.tenant_id, ref.build_id)
        if build is None or build.state is not BuildState.BUILDING or not await self.index.exists(build):
            return build is not None and build.state is BuildState.ACTIVE
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            active = await uow.builds.active(ref.tenant_id, BuildKind.KEYWORD)
            is_next = active is None or _revision(active.spec) <= _revision(build.spec)
            if active is not None and is_next:
                await uow.builds.set_state(ref.tenant_id, active.id, BuildState.RETIRED)
            await uow.builds.set_state(
                ref.tenant_id, ref.build_id, BuildState.ACTIVE if is_next else BuildState.RETIRED
            )
            await uow.dispatches.delete_for(ref.tenant_id, [ref.build_id])
        await self.clear(ref.tenant_id)
        return is_next

    async def clear(self, tenant_id: Id) -> None:
        """Drop what is retired: only when its bytes are gone does the ledger forget where they were."""
        async with self.ledger.read() as uow:
            builds = await uow.builds.list(tenant_id)
        for build in builds:
            if build.kind is BuildKind.KEYWORD and build.state is BuildState.RETIRED:
                await self.index.drop_build(build)
                async with self.ledger.write() as uow:
                    await uow.builds.set_state(tenant_id, build.id, BuildState.DROPPED)


def _is_current(builds: Sequence[IndexBuild]) -> bool:
    """Whether one of them holds the terms as this release makes them, or a later one."""
    return any(_revision(build.spec) >= _revision(KEYWORD_SPEC) for build in builds)


def _revision(spec: str) -> int:
    """Of the terms; 0 where the spec names none."""
    number = spec.rpartition("@")[2]
    return int(number) if number.isdecimal() else 0


def _planned(tenant_id: Id, number: int, now: datetime) -> IndexBuild:
    return IndexBuild(
        tenant_id=tenant_id,
        id=new_id(),
        kind=BuildKind.KEYWORD,
        spec=KEYWORD_SPEC,
        number=number,
        collection=COLLECTION,
        state=BuildState.BUILDING,
        seq=0,
        created_at=now,
    )
