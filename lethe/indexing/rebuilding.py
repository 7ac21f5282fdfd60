"""Making a tenant's index anew for the sake of the bytes: what was deleted stays in a build's files until it goes."""

from dataclasses import dataclass
from datetime import datetime

from lethe.contracts.indexing import BuildPlan
from lethe.errors import IndexBuildInProgress
from lethe.indexing.dispatching import start_committed
from lethe.indexing.planning import BuildPlanner, dispatch_of
from lethe.model.ids import Id, new_id
from lethe.model.indexes import OVER, BuildKind
from lethe.ports.workflows import WorkflowControl


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """lethe.ports.personal_data.Rebuilder. ``control``: None where whoever sweeps dispatches starts the builds."""

    planner: BuildPlanner
    control: WorkflowControl | None = None

    async def rebuild(self, tenant_id: Id, kind: BuildKind, since: datetime) -> bool:
        """Over when no build of the kind is left that was planned before ``since``.

        One planned later serves whoever it was begun for: many erasures at once need two builds, not one each. One
        that was on its way before may hold what was deleted: it has to end first. One that is given up (its store
        lost it, an operator ended it) is begun again. A tenant without a build of the kind has no bytes there.
        """
        async with self.planner.ledger.read() as uow:
            kept = [build for build in await uow.builds.list(tenant_id) if build.kind is kind]
        former = [build for build in kept if build.created_at < since]
        if former and all(build in former or build.state in OVER for build in kept):
            await self._begin(tenant_id, kind)
        return not former

    async def _begin(self, tenant_id: Id, kind: BuildKind) -> None:
        """Unless one is on its way."""
        try:
            build = await self.planner.plan(
                BuildPlan(tenant_id=tenant_id, build_id=new_id(), kind=kind), dispatches=True
            )
        except IndexBuildInProgress:
            return
        if build is not None and self.control is not None:
            await start_committed(self.control, self.planner.ledger, dispatch_of(build), self.planner.clock.now())
