"""A build that is about to serve, compared with the ledger as sets: what is missing is written, what is over goes."""

from dataclasses import dataclass

from lethe.contracts.indexing import Reconciled, ReconcileStep
from lethe.errors import IndexBuildMissing
from lethe.indexing.audit import Auditor
from lethe.model.indexes import BuildState
from lethe.settings import IndexingSettings


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Of a keyword build this is the whole filling: what comes meanwhile is written by whoever brings it.

    Each step may be repeated: what an earlier attempt wrote is found there.
    """

    auditor: Auditor
    settings: IndexingSettings

    async def step(self, step: ReconcileStep) -> Reconciled:
        """Compare some pages. A build that is retired or lost meanwhile has nothing more to compare."""
        after, repaired = step.after, 0
        for _ in range(self.settings.pages_per_step):
            async with self.auditor.ledger.read() as uow:
                build = await uow.builds.get(step.tenant_id, step.build_id)
            if build is None or build.state is not BuildState.BUILDING:
                return Reconciled(after=None, repaired=repaired)
            try:
                after, found = await self.auditor.of_build(build).page(after)
            except IndexBuildMissing:
                return Reconciled(after=None, repaired=repaired)
            repaired += found.repaired
            if after is None:
                break
        return Reconciled(after=after, repaired=repaired, pause_seconds=self.settings.pause_seconds)
