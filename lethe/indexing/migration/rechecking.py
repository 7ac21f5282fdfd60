"""What a build came to hold after its verdict, compared before it serves: the verdict knows nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lethe.contracts.indexing import BuildRef
from lethe.contracts.migrations import MOST_REFUSED, MigrationReport, VectorTally, Verified
from lethe.errors import IndexBuildMissing
from lethe.indexing.following import due_of
from lethe.indexing.migration.changed import most_changed
from lethe.indexing.migration.checking import PAGE, VectorCheck
from lethe.indexing.migration.gate import failures
from lethe.indexing.migration.running import MigrationRunner
from lethe.model.documents import Document, Version
from lethe.model.ids import Id, chunk_id
from lethe.model.indexes import IndexBuild
from lethe.model.migrations import Migration, MigrationState

_MOST: Final = 5_000
"""Versions that are compared so; with more changed the build is judged anew."""


@dataclass(frozen=True, slots=True)
class _Changed:
    """Versions that commits changed which the build has applied: those that it is to hold, those that it is not to."""

    versions: Sequence[Version]
    due: Sequence[Version]
    gone: Sequence[Version]


@dataclass(frozen=True, slots=True)
class Recheck:
    """May be repeated. What is not good enough is refused, as by the gate."""

    check: VectorCheck
    runner: MigrationRunner

    async def verify(self, ref: BuildRef) -> Verified:
        """Compare what commits after the verdict brought and took; where that is too much, the verdict goes.

        Raises EmbedderUnavailable, IndexUnavailable: nothing was decided.
        """
        async with self.check.ledger.read() as uow:
            migration = await uow.migrations.get(ref.tenant_id, ref.build_id)
            build = await uow.builds.get(ref.tenant_id, ref.build_id)
        if migration is None or build is None or migration.state is not MigrationState.READY:
            return Verified()
        changed = await self._changed(build, migration.checked_seq or 0)
        chunks = sum(version.chunk_count for version in changed.versions)
        report = MigrationReport.model_validate(migration.report)
        settings = self.check.settings
        if len(changed.versions) > _MOST or chunks > most_changed(settings, report, settings.changed_most):
            await self.runner.check(ref)
            return Verified(chunks=chunks, is_void=True)
        try:
            found = await self._found(build, changed)
        except IndexBuildMissing:
            # Whoever lets it serve finds that as well, and has it filled again.
            return Verified(chunks=chunks)
        return await self._noted(build, migration, chunks, found)

    async def _changed(self, build: IndexBuild, since: int) -> _Changed:
        async with self.check.ledger.read() as uow:
            found = await uow.versions.changed_after(build.tenant_id, since, _MOST + 1)
            applied = [version for version in found if version.changed_seq <= build.seq]
            due = await due_of(uow, build.tenant_id, [version.id for version in applied])
            left = [version for version in applied if version.id not in due]
            documents = await uow.documents.get_many(build.tenant_id, {version.document_id for version in left})
        gone = [version for version in left if _is_gone(documents.get(version.document_id))]
        return _Changed(applied, list(due.values()), gone)

    async def _found(self, build: IndexBuild, changed: _Changed) -> MigrationReport:
        tally = VectorTally()
        wanted = [each for version in changed.due for each in _chunks(version)]
        for start in range(0, len(wanted), PAGE):
            page = wanted[start : start + PAGE]
            there = sorted(await self.check.index.present(build, page))
            tally = await self.check.compare(build, page, there, tally)
        gone = [each for version in changed.gone for each in _chunks(version)]
        left = len(await self.check.index.present(build, gone)) if gone else 0
        sampled = await self.check.embed_again(build, tally.sample)
        return MigrationReport(
            **tally.model_dump(exclude={"sample", "left"}),
            left=left,
            sampled=sampled.sampled,
            withheld=sampled.withheld,
            sample_failed=sampled.failed,
            least_sample_cosine=sampled.least_cosine,
        )

    async def _noted(self, build: IndexBuild, migration: Migration, chunks: int, found: MigrationReport) -> Verified:
        """The report keeps what the verdict was made of, unless something is wrong now."""
        wrong = failures(found, self.check.settings, is_same_model=True)
        async with self.check.ledger.read() as uow:
            refused = await uow.refusals.told(build.tenant_id, build.spec, MOST_REFUSED)
        told = {"refused": refused.chunks, "refused_documents": list(refused.document_ids), "failures": wrong}
        if wrong:
            told |= found.model_dump(include={"missing", "left", "foreign", "broken", "moved", "sample_failed"})
        report = MigrationReport.model_validate(migration.report).model_copy(update=told)
        state = MigrationState.REFUSED if wrong else MigrationState.READY
        ref = BuildRef(tenant_id=build.tenant_id, build_id=build.id)
        await self.runner.note(ref, state, report, build.seq, frozenset({MigrationState.READY}))
        return Verified(chunks=chunks, failures=wrong)


def _is_gone(document: Document | None) -> bool:
    """Deleted, or with a newer version. What a fence hides stays in every build until its erasure takes it out."""
    return document is None or document.deleted_at is not None or document.fenced_at is None


def _chunks(version: Version) -> list[Id]:
    return [chunk_id(version.id, ordinal) for ordinal in range(version.chunk_count)]
