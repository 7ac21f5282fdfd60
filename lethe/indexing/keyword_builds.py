"""The keyword builds of a tenant: made where there is none, made anew where the store has lost one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from lethe.indexing.dropping import drop_retired
from lethe.indexing.moves import retire
from lethe.indexing.planning import dispatch_of
from lethe.model.ids import Id, new_id
from lethe.model.indexes import KEYWORD_SPEC, BuildKind, BuildState, IndexBuild
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
                await retire(uow, other)
        is_taken = build.number != await uow.builds.next_number(tenant_id, BuildKind.KEYWORD)
        older = await uow.builds.open_keywords(tenant_id)
        if is_taken or _is_current(older):
            return
        # Where nothing was ever served, what comes is written by whoever brings it.
        state = BuildState.BUILDING if tenant.seq else BuildState.ACTIVE
        for other in older:
            if state is BuildState.ACTIVE or other.state is BuildState.BUILDING:
                await retire(uow, other)
        if state is BuildState.ACTIVE:
            await uow.builds.add(replace(build, state=state, seq=tenant.seq, served_from=(tenant.seq,)))
        else:
            await uow.builds.add(build)
            await uow.dispatches.add(dispatch_of(build))

    async def clear(self, tenant_id: Id) -> None:
        """Drop what is retired."""
        async with self.ledger.read() as uow:
            builds = await uow.builds.list(tenant_id)
        for build in builds:
            if build.kind is BuildKind.KEYWORD and build.state is BuildState.RETIRED:
                await drop_retired(self.ledger, self.index, build)


def _is_current(builds: Sequence[IndexBuild]) -> bool:
    """Whether one of them holds the terms as this release makes them, or a later one."""
    return any(revision_of(build.spec) >= revision_of(KEYWORD_SPEC) for build in builds)


def revision_of(spec: str) -> int:
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
