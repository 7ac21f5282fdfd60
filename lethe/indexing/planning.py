"""Planning an index build: made in its store, then named in the ledger, with the workflow that fills it."""

from dataclasses import dataclass

from lethe.contracts.indexing import BuildPlan
from lethe.errors import IndexBuildInProgress
from lethe.model.indexes import BuildKind, BuildState, IndexBuild, collection_name, dims_of
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.vectors import VectorIndex


@dataclass(frozen=True, slots=True)
class BuildPlanner:
    """Plans one build per tenant and kind at a time."""

    ledger: Ledger
    index: VectorIndex
    keywords: KeywordIndex
    clock: Clock

    async def plan(self, wish: BuildPlan, *, dispatches: bool) -> IndexBuild | None:
        """The build with the wish's id; None where there is none to take a spec from. A repeat finds it planned.

        ``dispatches``: whether its workflow is started from the ledger; otherwise the caller is one that does.
        Raises IndexBuildInProgress while another build of the kind is on its way.
        """
        async with self.ledger.read() as uow:
            planned = await uow.builds.get(wish.tenant_id, wish.build_id)
            build = planned or await self._next(uow, wish)
        if planned is not None or build is None:
            return planned
        # Empty, and of the same name whoever makes it: a row never says there is what there is not.
        await self._create(build)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(wish.tenant_id)
            planned = await uow.builds.get(wish.tenant_id, wish.build_id)
            if planned is not None:
                return planned
            current = await self._next(uow, wish)
            # Named after its spec and parameters: those of the active build may have changed.
            if current is None or (current.number, current.collection) != (build.number, build.collection):
                raise IndexBuildInProgress
            await uow.builds.add(build)
            if dispatches:
                await uow.dispatches.add(dispatch_of(build))
        return build

    async def _next(self, uow: UnitOfWork, wish: BuildPlan) -> IndexBuild | None:
        builds = [build for build in await uow.builds.list(wish.tenant_id) if build.kind is wish.kind]
        active = next((build for build in builds if build.state is BuildState.ACTIVE), None)
        if any(build.state is BuildState.BUILDING for build in builds):
            raise IndexBuildInProgress
        if active is None:
            return None
        spec = wish.spec or active.spec
        parameters = active.parameters if wish.parameters is None else wish.parameters
        is_vector = wish.kind is BuildKind.VECTOR
        return IndexBuild(
            tenant_id=wish.tenant_id,
            id=wish.build_id,
            kind=wish.kind,
            spec=spec,
            number=await uow.builds.next_number(wish.tenant_id, wish.kind),
            collection=collection_name(spec, parameters) if is_vector else active.collection,
            state=BuildState.BUILDING,
            seq=0,
            created_at=self.clock.now(),
            parameters=parameters,
        )

    async def _create(self, build: IndexBuild) -> None:
        if build.kind is BuildKind.VECTOR:
            await self.index.create_build(build, dims_of(build.spec))
        else:
            await self.keywords.create_build(build)


def dispatch_of(build: IndexBuild) -> Dispatch:
    """Of the workflow that fills the build."""
    workflow_id = dispatch_id(DispatchKind.BUILD_INDEX, build.tenant_id, build.id)
    return Dispatch(build.tenant_id, workflow_id, DispatchKind.BUILD_INDEX, build.id, build.created_at)
