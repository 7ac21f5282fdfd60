"""Audits of the stores: on the io queue."""

from collections import Counter
from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.audit import (
    AuditAllRun,
    AuditedStep,
    AuditPlan,
    AuditRef,
    AuditReport,
    AuditStep,
    AuditTally,
    Begun,
)
from lethe.indexing.audit import Auditor
from lethe.ingestion.quarantines import keep_prefixes
from lethe.model.indexes import ArtefactStore
from lethe.telemetry import AUDIT_END, AUDIT_REPAIRS, INDEX_HOLES, INDEX_ORPHANS, INDEX_REFUSED, INDEX_STALE


@dataclass(frozen=True)
class AuditActivities:
    """Begin, list, compare and repair, tell."""

    auditor: Auditor

    @activity.defn
    async def begin_audits(self, run: AuditAllRun) -> Begun:
        return await self.auditor.begin(run.after)

    @activity.defn
    async def plan_audit(self, ref: AuditRef) -> AuditPlan:
        await keep_prefixes(self.auditor.ledger, self.auditor.keyring, ref.tenant_id)
        return await self.auditor.plan(ref)

    @activity.defn
    async def audit_build(self, step: AuditStep) -> AuditedStep:
        audited = await self.auditor.step(step)
        store = await self.auditor.store_of(step.audit.tenant_id, step.build_id)
        AUDIT_REPAIRS.labels(store).inc(audited.tally.repaired)
        return audited

    @activity.defn
    async def audit_blobs(self, ref: AuditRef) -> AuditTally:
        tally = await self.auditor.audit_blobs(ref)
        AUDIT_REPAIRS.labels(ArtefactStore.BLOB).inc(tally.repaired)
        return tally

    @activity.defn
    async def finish_audit(self, report: AuditReport) -> None:
        counts = await self.auditor.finish(report)
        totals = {store: Counter[str]() for store in ArtefactStore}
        for count in counts:
            totals[count.store].update(orphans=count.orphans, holes=count.holes, stale=count.stale)
        for store, total in totals.items():
            INDEX_ORPHANS.labels(store).set(total["orphans"])
            INDEX_HOLES.labels(store).set(total["holes"])
            INDEX_STALE.labels(store).set(total["stale"])
        INDEX_REFUSED.set(sum(count.refused for count in counts))
        if (oldest := await self.auditor.oldest_end()) is not None:
            AUDIT_END.set(oldest)
