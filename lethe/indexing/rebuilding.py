"""Making a tenant's index anew for the sake of the bytes: what was deleted stays in a build's files until it goes."""

from dataclasses import dataclass
from itertools import count
from typing import Final
from uuid import UUID, uuid5

from lethe.contracts.indexing import BuildPlan
from lethe.errors import IndexBuildInProgress
from lethe.indexing.planning import BuildPlanner
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild

_GIVEN_UP: Final = frozenset({BuildState.RETIRED, BuildState.DROPPED})


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """lethe.ports.personal_data.Rebuilder."""

    planner: BuildPlanner

    async def rebuild(self, tenant_id: Id, kind: BuildKind, request_id: Id, round_: int = 1) -> bool:
        """Over when nothing of the kind is left that is older than the build begun for the request's round.

        A build that was on its way before may hold what was deleted: it has to end first. One that is given up (its
        store lost it, an operator ended it) is begun again. A tenant without a build of the kind has no bytes there.
        """
        for attempt in count():
            wish = BuildPlan(tenant_id=tenant_id, build_id=_build_id(request_id, kind, round_, attempt), kind=kind)
            try:
                build = await self.planner.plan(wish, dispatches=True)
            except IndexBuildInProgress:
                return False
            kept = await self._kept(tenant_id, kind)
            if build is None:
                return not kept
            is_older = any(other.number < build.number for other in kept)
            if not is_older or build.state not in _GIVEN_UP:
                return not is_older and build.state is not BuildState.BUILDING
        raise AssertionError("unreachable: attempts have no end")

    async def _kept(self, tenant_id: Id, kind: BuildKind) -> list[IndexBuild]:
        async with self.planner.ledger.read() as uow:
            return [build for build in await uow.builds.list(tenant_id) if build.kind is kind]


def _build_id(request_id: Id, kind: BuildKind, round_: int, attempt: int) -> Id:
    """The same for the same request and round, so that whoever asks again finds the build begun."""
    return str(uuid5(UUID(request_id), f"rebuild/{kind.value}/{round_}/{attempt}"))
