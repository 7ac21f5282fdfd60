"""Probe activities with the real names."""

from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity

from lethe.contracts.probes import ProbeAllRun, Probed, ProbeRef, ProbesBegun, QualityProbed
from lethe.model.ids import Id
from tests.workflows.scripted import Scripted
from workflows.policies import Queue


class ScriptedProbes(Scripted):
    """``changed`` are the tenants whose model gives other vectors."""

    def __init__(self) -> None:
        super().__init__()
        self.begun_probes: list[ProbesBegun] = []
        self.changed: set[Id] = set()

    @activity.defn
    async def begin_probes(self, run: ProbeAllRun) -> ProbesBegun:
        self._called("begin_probes")
        return self.begun_probes.pop(0)

    @activity.defn
    async def probe_embeddings(self, ref: ProbeRef) -> Probed:
        self._called("probe_embeddings")
        is_changed = ref.tenant_id in self.changed
        return Probed(compared=25, worst=0.5 if is_changed else 1.0, is_changed=is_changed)

    @activity.defn
    async def probe_quality(self, ref: ProbeRef) -> QualityProbed:
        self._called("probe_quality")
        return QualityProbed(questions=7, precision=0.9)

    def of(self, queue: Queue) -> Sequence[Callable[..., Any]]:
        return [
            *super().of(queue),
            *([self.begin_probes, self.probe_embeddings, self.probe_quality] if queue is Queue.IO else []),
        ]
