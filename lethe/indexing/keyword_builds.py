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


@dataclass(frozen=True, slots=True)
class KeywordBuilds:
    """Every ingestion writes each open keyword build, active or being built, so that a follower has only the past."""

    ledger: Ledger
    index: KeywordIndex

    async def ensure(self, tenant_id: Id, now: datetime) -> None:
        """Give the tenant a keyword build if it has none that is whole; a follower fills it. Idempotent.

        A build that a crash has emptied, or of an older revision of the terms, is retired for a new one.
        """
        async with self.ledger.read() as uow:
            found = await uow.builds.open_keywords(tenant_id)
            number = await uow.builds.next_number(tenant_id, BuildKind.KEYWORD)
        lost = [build.id for build in found if build.spec != KEYWORD_SPEC or not await self.index.exists(build)]
        if lost or not found:
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

    async def _put(self, uow: UnitOfWork, build: IndexBuild, lost: Sequence[Id]) -> None:
        """In the place of those that are lost, unless somebody was first."""
        tenant_id = build.tenant_id
        tenant = await uow.tenants.lock(tenant_id)
        for other in await uow.builds.open_keywords(tenant_id):
            if other.id in lost:
                await uow.builds.set_state(tenant_id, other.id, BuildState.RETIRED)
        is_taken = build.number != await uow.builds.next_number(tenant_id, BuildKind.KEYWORD)
        if is_taken or await uow.builds.open_keywords(tenant_id):
            return
        # Where nothing was ever served, what comes is written by whoever brings it.
        state = BuildState.BUILDING if tenant.seq else BuildState.ACTIVE
        await uow.builds.add(replace(build, state=state, seq=tenant.seq))
        if state is BuildState.BUILDING:
            workflow_id = dispatch_id(DispatchKind.FOLLOW_BUILD, tenant_id, build.id)
            dispatch = Dispatch(tenant_id, workflow_id, DispatchKind.FOLLOW_BUILD, build.id, build.created_at)
            await uow.dispatches.add(dispatch)

    async def complete(self, ref: BuildRef) -> bool:
        """Make a filled build the active one; False if it was lost or retired meanwhile."""
        async with self.ledger.read() as uow:
            build = await uow.builds.get(ref.tenant_id, ref.build_id)
        if build is None or build.state is not BuildState.BUILDING or not await self.index.exists(build):
            return build is not None and build.state is BuildState.ACTIVE
        async with self.ledger.write() as uow:
            await uow.tenants.lock(ref.tenant_id)
            active = await uow.builds.active(ref.tenant_id, BuildKind.KEYWORD)
            if active is not None:
                await uow.builds.set_state(ref.tenant_id, active.id, BuildState.RETIRED)
            await uow.builds.set_state(ref.tenant_id, ref.build_id, BuildState.ACTIVE)
            await uow.dispatches.delete_for(ref.tenant_id, [ref.build_id])
        await self.clear(ref.tenant_id)
        return True

    async def clear(self, tenant_id: Id) -> None:
        """Drop what is retired: only when its bytes are gone does the ledger forget where they were."""
        async with self.ledger.read() as uow:
            builds = await uow.builds.list(tenant_id)
        for build in builds:
            if build.kind is BuildKind.KEYWORD and build.state is BuildState.RETIRED:
                await self.index.drop_build(build)
                async with self.ledger.write() as uow:
                    await uow.builds.set_state(tenant_id, build.id, BuildState.DROPPED)


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
