"""Probes of embedding models."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from lethe.model.documents import ChunkVector
from lethe.model.ids import Id
from lethe.model.probes import EmbeddingProbe, QualityProbe


class ProbeRepository(Protocol):
    async def get(self, tenant_id: Id, spec: str) -> EmbeddingProbe | None: ...

    async def all(self, tenant_id: Id) -> list[EmbeddingProbe]:
        """The tenant's, one for each spec that was ever probed."""
        ...

    async def put(self, probe: EmbeddingProbe) -> None:
        """Insert, or overwrite the one before."""
        ...

    async def is_stopped(self, tenant_id: Id, spec: str) -> bool:
        """Whether no vector of the spec may be written."""
        ...

    async def lift(self, tenant_id: Id) -> int:
        """Let the tenant's vectors be written again; how many specs were stopped."""
        ...

    async def stopped(self) -> int:
        """How many specs that are in use by how many tenants are stopped."""
        ...

    async def put_quality(self, probe: QualityProbe) -> None:
        """Insert, or overwrite the tenant's one before."""
        ...

    async def quality(self, tenant_id: Id) -> QualityProbe | None: ...

    async def least_precision(self, questions: int) -> float | None:
        """Of the tenants that had so many questions or more, the least; None without any."""
        ...

    async def references(self, tenant_id: Id, spec: str) -> dict[int, Sequence[float]]:
        """The vectors that the fixed texts were given first, by the text's number."""
        ...

    async def put_references(self, tenant_id: Id, spec: str, vectors: Mapping[int, Sequence[float]]) -> None:
        """Insert; what is there stays."""
        ...

    async def sample(self, tenant_id: Id, spec: str, near: Id, limit: int) -> list[ChunkVector]:
        """Vectors of the spec that questions may find now, from that chunk id on, then from the first one; a random id
        is a random sample.
        """
        ...
