"""Probing embedding models, and what is found by them: on the io queue."""

from dataclasses import dataclass

from temporalio import activity

from lethe.answering.quality import QualityProbing
from lethe.contracts.probes import ProbeAllRun, Probed, ProbeRef, ProbesBegun, QualityProbed
from lethe.ingestion.probing import Probing
from lethe.telemetry import EMBEDDING_PROBE_END, EMBEDDING_PROBES


@dataclass(frozen=True)
class ProbeActivities:
    """Begin, probe."""

    probing: Probing
    quality: QualityProbing

    @activity.defn
    async def begin_probes(self, run: ProbeAllRun) -> ProbesBegun:
        return await self.probing.tenants(run.after)

    @activity.defn
    async def probe_embeddings(self, ref: ProbeRef) -> Probed:
        probed = await self.probing.probe(ref)
        EMBEDDING_PROBES.labels("changed" if probed.is_changed else "same").inc()
        EMBEDDING_PROBE_END.set_to_current_time()
        return probed

    @activity.defn
    async def probe_quality(self, ref: ProbeRef) -> QualityProbed:
        return await self.quality.probe(ref)
