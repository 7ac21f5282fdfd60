"""Embedding again what was embedded before: a provider that changes a model silently breaks nothing that is seen."""

import uuid
from dataclasses import dataclass
from typing import Final

import numpy as np

from lethe.contracts.probes import Probed, ProbeRef, ProbesBegun
from lethe.errors import EmbedderUnavailable, EmbeddingInvalid
from lethe.ingestion.steps.embedding import Vector, chunk_text
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.model.documents import Chunk, ChunkVector
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, BuildState
from lethe.model.probes import LEAST_COSINE, EmbeddingProbe
from lethe.model.processors import Origin
from lethe.ports.embedding import Embedder, InputKind, model_of
from lethe.privacy.erasure.needles import standing_needles
from lethe.privacy.sealing import unseal_vector
from lethe.settings import ProbeSettings

TENANTS_PAGE: Final = 20
_FILLED: Final = frozenset({BuildState.BUILDING, BuildState.SOAKING})
FIXED: Final = (
    "The ferry crosses the river at noon.",
    "Die Rechnung ist innerhalb von dreißig Tagen zu bezahlen.",
    "La clé du jardin est sous la pierre.",
    "def area(width, height): return width * height",
    "Order 4711: 12 pieces at 3.50 each, delivered on 2024-02-29.",
)
"""Embedded at every probe. Another text is another number: what stands here never changes."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A text, the vector it was given once, and the document it is of."""

    text: str
    vector: Vector
    document_id: Id | None = None


@dataclass(frozen=True, slots=True)
class Probing:
    """Of the models that a tenant's vectors are written with. May be repeated."""

    pipeline: Pipeline
    settings: ProbeSettings

    async def tenants(self, after: Id | None) -> ProbesBegun:
        """A page of tenants, in order of their ids."""
        async with self.pipeline.ledger.read() as uow:
            tenants = sorted(tenant.id for tenant in await uow.tenants.list() if after is None or tenant.id > after)
        page = tenants[:TENANTS_PAGE]
        return ProbesBegun(tenants=page, after=page[-1] if len(tenants) > len(page) else None)

    async def probe(self, ref: ProbeRef) -> Probed:
        """Compare, and stop or release the writing of vectors. Raises EmbedderUnavailable, which says nothing of it:
        that of one model is raised when the others were asked.
        """
        probed, unavailable = list[Probed](), list[EmbedderUnavailable]()
        for embedder in await self._models(ref.tenant_id):
            try:
                probed.append(await self._probe(embedder, ref.tenant_id))
            except EmbedderUnavailable as error:
                unavailable.append(error)
        if unavailable:
            raise unavailable[0]
        return Probed(
            compared=sum(each.compared for each in probed),
            worst=min(each.worst for each in probed),
            is_changed=any(each.is_changed for each in probed),
        )

    async def _models(self, tenant_id: Id) -> list[Embedder]:
        """Of the active build first; then of those that are filled, or kept for a way back, where it can be asked."""
        serving = await self.pipeline.serving_model(tenant_id)
        async with self.pipeline.ledger.read() as uow:
            builds = await uow.builds.list(tenant_id)
        specs = {each.spec for each in builds if each.kind is BuildKind.VECTOR and each.state in _FILLED}
        models = (self.pipeline.embedder, *self.pipeline.others)
        others = [model_of(spec, *models) for spec in sorted(specs - {serving.spec.key})]
        return [serving, *(each for each in others if each is not None)]

    async def _probe(self, embedder: Embedder, tenant_id: Id) -> Probed:
        spec = embedder.spec.key
        async with self.pipeline.ledger.read() as uow:
            references = await uow.probes.references(tenant_id, spec)
        fixed = [_Known(FIXED[n], np.asarray(vector, np.float32)) for n, vector in sorted(references.items())]
        known = [*fixed, *await self._sample(embedder, tenant_id)]
        unknown = [n for n in range(len(FIXED)) if n not in references]
        texts = [*(each.text for each in known), *(FIXED[n] for n in unknown)]
        origin = Origin(tenant_id, frozenset(each.document_id for each in known if each.document_id))
        try:
            vectors = await embedder.embed(texts, InputKind.DOCUMENT, origin)
        except EmbeddingInvalid:
            return await self._keep(tenant_id, spec, len(known), 0.0)
        worst = min((cosine(each.vector, row) for each, row in zip(known, vectors, strict=False)), default=1.0)
        probed = await self._keep(tenant_id, spec, len(known), worst)
        if not probed.is_changed and unknown:
            first = {n: [float(x) for x in row] for n, row in zip(unknown, vectors[len(known) :], strict=True)}
            async with self.pipeline.ledger.write() as uow:
                await uow.probes.put_references(tenant_id, spec, first)
        return probed

    async def _sample(self, embedder: Embedder, tenant_id: Id) -> list[_Known]:
        """Stored chunks that questions may find, and whose keys exist: no other text is sent anew."""
        near, limit = str(uuid.uuid4()), self.settings.sample
        async with self.pipeline.ledger.read() as uow:
            stored = await uow.probes.sample(tenant_id, embedder.spec.key, near, limit) if limit else []
            chunks = {each.id: each for each in await uow.chunks.served(tenant_id, [each.chunk_id for each in stored])}
        needles = await standing_needles(self.pipeline.ledger, self.pipeline.keyring, tenant_id)
        keys = await self.pipeline.keyring.get_many(tenant_id, {each.version_id for each in stored})
        known = [
            _known(embedder, keys[each.version_id], chunks[each.chunk_id], each)
            for each in stored
            if each.chunk_id in chunks and each.version_id in keys
        ]
        return [each for each in known if not needles.hides(each.text)]

    async def _keep(self, tenant_id: Id, spec: str, compared: int, worst: float) -> Probed:
        """A probe that finds all as it was releases what an earlier one stopped; one that compared nothing does not."""
        now = self.pipeline.clock.now()
        async with self.pipeline.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            before = await uow.probes.get(tenant_id, spec)
            stopped_at = before.stopped_at if before else None
            if worst < LEAST_COSINE:
                stopped_at = stopped_at or now
            elif compared:
                stopped_at = None
            probe = EmbeddingProbe(tenant_id, spec, now, compared, worst, stopped_at)
            await uow.probes.put(probe)
        return Probed(compared=compared, worst=worst, is_changed=probe.is_changed)


def cosine(one: Vector, other: Vector) -> float:
    """0 where they cannot be compared."""
    left, right = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if left.shape != right.shape:
        return 0.0
    found = float(left @ right) / (float(np.linalg.norm(left)) * float(np.linalg.norm(right)) or 1.0)
    return found if np.isfinite(found) else 0.0


def _known(embedder: Embedder, key: bytes, chunk: Chunk, stored: ChunkVector) -> _Known:
    text = chunk_text(embedder, key, chunk)
    return _Known(text, unseal_vector(key, stored.sealed_vector), chunk.document_id)
