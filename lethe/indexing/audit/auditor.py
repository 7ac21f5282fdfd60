"""The steps of an audit. Each may be repeated: what an earlier attempt repaired is found right."""

from dataclasses import dataclass
from datetime import timedelta

from lethe.contracts.audit import AuditedStep, AuditPlan, AuditRef, AuditReport, AuditStep, AuditTally, Begun
from lethe.errors import IndexBuildMissing
from lethe.indexing.audit.blobs import BlobAudit
from lethe.indexing.audit.builds import BuildAudit
from lethe.indexing.audit.fillers import KeywordFiller, VectorFiller, VectorMaker
from lethe.indexing.audit.pacing import Pace, Paced
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.model.audits import Audit, AuditCount, AuditState, AuditTrigger
from lethe.model.ids import Id, new_id
from lethe.model.indexes import NIL_ID, ArtefactStore, BuildKind, BuildState, IndexBuild, dims_of
from lethe.ports.blobs import BlobStore
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import VectorIndex
from lethe.settings import AuditSettings

TENANTS_PAGE = 20
EXPIRE_PAGE = 500


@dataclass(frozen=True, slots=True)
class Auditor:
    """Compares a tenant's stores with the ledger, page by page, and puts right what differs."""

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    blobs: BlobStore
    vectors: VectorMaker
    keywords: KeywordIndex
    clock: Clock
    settings: AuditSettings
    pace: Pace

    async def begin(self, after: Id | None) -> Begun:
        """A page of tenants, in order of their ids, and an audit for each; forgets audits past their time."""
        async with self.ledger.write() as uow:
            await uow.audits.expire(self.clock.now() - timedelta(days=self.settings.keep_days), EXPIRE_PAGE)
            tenants = sorted(tenant.id for tenant in await uow.tenants.list() if after is None or tenant.id > after)
        page = tenants[:TENANTS_PAGE]
        refs = [AuditRef(tenant_id=each, audit_id=new_id(), trigger=AuditTrigger.SCHEDULE) for each in page]
        return Begun(audits=refs, after=page[-1] if len(tenants) > len(page) else None)

    async def plan(self, ref: AuditRef) -> AuditPlan:
        """The builds there are now; an audit that nobody asked for over the API gets its row here."""
        audit = Audit(ref.tenant_id, ref.audit_id, AuditState.RUNNING, ref.trigger, self.clock.now())
        await KeywordBuilds(self.ledger, self.keywords).ensure(ref.tenant_id, self.clock.now())
        async with self.ledger.write() as uow:
            await uow.audits.add(audit)
            builds = await uow.builds.list(ref.tenant_id)
        return AuditPlan(builds=[build.id for build in builds if not _is_unfinished(build)])

    async def step(self, step: AuditStep) -> AuditedStep:
        """Compare ``pages_per_step`` pages of a build; one that is dropped meanwhile has nothing more to compare."""
        tenant_id, after, tally = step.audit.tenant_id, step.after, AuditTally()
        is_nightly = step.audit.trigger is AuditTrigger.SCHEDULE
        for _ in range(self.settings.pages_per_step):
            async with self.ledger.read() as uow:
                build = await uow.builds.get(tenant_id, step.build_id)
            if build is None or build.state is BuildState.DROPPED:
                return AuditedStep(after=None, tally=tally)
            try:
                after, found = await self.of_build(build, asks_again=is_nightly).page(after)
            except IndexBuildMissing:
                if not await self._is_to_be_there(build):
                    return AuditedStep(after=None, tally=tally)
                # An older copy of the store, or an empty one: everything in it is a hole.
                await self.index.create_build(build, dims_of(build.spec))
                continue
            tally = tally.plus(found)
            if after is None:
                break
        return AuditedStep(after=after, tally=tally)

    async def _is_to_be_there(self, build: IndexBuild) -> bool:
        """Whether a missing build is to be made again here. A dropped one is not, nor one that its follower makes; a
        keyword build was lost since the audit was planned: the next one gives the tenant a new one.
        """
        async with self.ledger.read() as uow:
            current = await uow.builds.get(build.tenant_id, build.id)
        is_active = current is not None and current.state is BuildState.ACTIVE
        return is_active and build.kind is BuildKind.VECTOR

    def of_build(self, build: IndexBuild, *, asks_again: bool = False) -> BuildAudit:
        """Whoever compares this build."""
        ports = (self.clock, self.settings, build)
        if build.kind is BuildKind.KEYWORD:
            words = Paced(KeywordFiller(self.keywords), self.pace)
            return BuildAudit(self.ledger, self.keyring, self.keywords, words, *ports)
        return BuildAudit(self.ledger, self.keyring, self.index, self.vector_filler, *ports, asks_again)

    @property
    def vector_filler(self) -> Paced:
        """Whoever writes vector builds, at the pace of this process."""
        return Paced(VectorFiller(self.ledger, self.index, self.vectors), self.pace)

    async def store_of(self, tenant_id: Id, build_id: Id) -> ArtefactStore:
        """Which store holds the build."""
        async with self.ledger.read() as uow:
            build = await uow.builds.get(tenant_id, build_id)
        is_keyword = build is not None and build.kind is BuildKind.KEYWORD
        return ArtefactStore.KEYWORD if is_keyword else ArtefactStore.VECTOR

    async def audit_blobs(self, ref: AuditRef) -> AuditTally:
        """Compare the blobs of versions with the ledger's versions."""
        return await BlobAudit(self.ledger, self.blobs, ref.tenant_id, self.settings.page).run()

    async def finish(self, report: AuditReport) -> list[AuditCount]:
        """Store what was found. Returns what the newest audits of all tenants found, for the gauges."""
        tenant_id, audit_id = report.audit.tenant_id, report.audit.audit_id
        counts = [
            _count(report.audit, await self.store_of(tenant_id, each.build_id), each.build_id, each.tally)
            for each in report.builds
        ]
        counts.append(_count(report.audit, ArtefactStore.BLOB, NIL_ID, report.blobs))
        async with self.ledger.write() as uow:
            await uow.audits.finish(tenant_id, audit_id, counts, self.clock.now())
            await uow.dispatches.delete_for(tenant_id, [audit_id])
        async with self.ledger.read() as uow:
            latest = await uow.audits.latest_done()
            return [count for each in latest for count in await uow.audits.counts(each.tenant_id, [each.id])]

    async def oldest_end(self) -> float | None:
        """When the last finished audit of the tenant that waits longest ended, in seconds since 1970."""
        async with self.ledger.read() as uow:
            ends = [audit.ended_at.timestamp() for audit in await uow.audits.latest_done() if audit.ended_at]
        return min(ends, default=None)


def _is_unfinished(build: IndexBuild) -> bool:
    """A keyword build that its follower still fills, or that goes."""
    return build.kind is BuildKind.KEYWORD and build.state is not BuildState.ACTIVE


def _count(ref: AuditRef, store: ArtefactStore, build_id: Id, tally: AuditTally) -> AuditCount:
    return AuditCount(ref.tenant_id, ref.audit_id, store, build_id, **tally.model_dump())
