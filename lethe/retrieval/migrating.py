"""The gate of a migration: what was checked and what shadow reads found, as a report and a verdict."""

from dataclasses import dataclass

from lethe.contracts.migrations import MOST_REFUSED, Judged, JudgeStep, MigrationReport
from lethe.errors import IndexBuildMissing
from lethe.indexing.migration.checking import VectorCheck
from lethe.indexing.migration.gate import failures, figures
from lethe.indexing.migration.running import MigrationRunner
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.model.migrations import Migration, MigrationState
from lethe.retrieval.shadowing import ShadowReader


@dataclass(frozen=True, slots=True)
class MigrationGate:
    """May be asked again: a verdict that was written down stays, until the build is checked anew."""

    check: VectorCheck
    reader: ShadowReader
    runner: MigrationRunner

    async def judge(self, step: JudgeStep) -> Judged:
        """The verdict, written down with its figures.

        Raises EmbedderUnavailable, IndexUnavailable, and IndexBuildMissing if what serves is lost.
        """
        async with self.check.ledger.read() as uow:
            migration = await uow.migrations.get(step.tenant_id, step.build_id)
            build = await uow.builds.get(step.tenant_id, step.build_id)
            active = await uow.builds.active(step.tenant_id, BuildKind.VECTOR)
        if migration is None or build is None or active is None:
            raise IndexBuildMissing
        if active.id == build.id or migration.state is MigrationState.READY:
            return Judged(passed=True)
        if migration.state is MigrationState.REFUSED:
            return Judged(passed=False, failures=migration.report.get("failures", []))
        try:
            return await self._judged(step, migration, active, build)
        except IndexBuildMissing:
            if await self.check.index.exists(build):
                raise
            return Judged(passed=False, is_lost=True)

    async def _judged(self, step: JudgeStep, migration: Migration, active: IndexBuild, build: IndexBuild) -> Judged:
        # First what may fail for the sake of another model: the sample may have to be paid.
        reads = await self.reader.read(active, build, migration.judgements, waits=not step.is_last)
        sampled = await self.check.embed_again(build, step.tally.sample)
        async with self.check.ledger.read() as uow:
            refused = await uow.refusals.told(build.tenant_id, build.spec, MOST_REFUSED)
        report = MigrationReport(
            **step.tally.model_dump(exclude={"sample"}),
            sampled=sampled.sampled,
            withheld=sampled.withheld,
            sample_failed=sampled.failed,
            least_sample_cosine=sampled.least_cosine,
            refused=refused.chunks,
            refused_documents=list(refused.document_ids),
            figures=figures(reads.shadows),
            unasked=reads.unasked,
        )
        wrong = failures(report, self.check.settings, is_same_model=active.spec == build.spec)
        state = MigrationState.REFUSED if wrong else MigrationState.READY
        noted = await self.runner.note(step, state, report.model_copy(update={"failures": wrong}))
        return Judged(passed=noted is not None and noted.state is MigrationState.READY, failures=wrong)
