"""Filling a build from the ledger, from its beginning: what comes meanwhile is written by whoever brings it."""

from dataclasses import dataclass

from lethe.contracts.indexing import BuildRef, Followed, FollowStep
from lethe.errors import IndexBuildMissing
from lethe.indexing.audit import Auditor
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.model.indexes import BuildState


@dataclass(frozen=True, slots=True)
class Follower:
    """Each step may be repeated: what an earlier attempt wrote is found there."""

    auditor: Auditor
    builds: KeywordBuilds

    async def step(self, step: FollowStep) -> Followed:
        """Write what is missing of some pages. A build that is retired or lost meanwhile has nothing more to follow."""
        after, written = step.after, 0
        for _ in range(self.auditor.settings.pages_per_step):
            async with self.auditor.ledger.read() as uow:
                build = await uow.builds.get(step.tenant_id, step.build_id)
            if build is None or build.state is not BuildState.BUILDING:
                return Followed(after=None, written=written)
            try:
                after, found = await self.auditor.of_build(build).page(after)
            except IndexBuildMissing:
                return Followed(after=None, written=written)
            written += found.repaired
            if after is None:
                break
        return Followed(after=after, written=written)

    async def complete(self, ref: BuildRef) -> bool:
        """Make it the active build. One that was lost is made anew, by a follower of its own."""
        is_active = await self.builds.complete(ref)
        if not is_active:
            await self.builds.ensure(ref.tenant_id, self.auditor.clock.now())
        return is_active
