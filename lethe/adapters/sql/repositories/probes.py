"""Probes of embedding models."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import exists, func, select, update

from lethe.adapters.sql.repositories.base import SqlRepository
from lethe.adapters.sql.repositories.chunks import document_of_version, is_served, version_of_vector
from lethe.adapters.sql.rows import Mapped, insert_missing, one_of, upsert_into
from lethe.adapters.sql.tables import chunk_vectors as vectors_table
from lethe.adapters.sql.tables import document_versions as versions
from lethe.adapters.sql.tables import documents, quality_probes
from lethe.adapters.sql.tables import embedding_probes as probes
from lethe.adapters.sql.tables import embedding_references as references_table
from lethe.adapters.sql.tables import index_builds as builds
from lethe.model.documents import ChunkVector
from lethe.model.ids import Id
from lethe.model.indexes import BuildState
from lethe.model.probes import EmbeddingProbe, QualityProbe

PROBE: Final = Mapped(EmbeddingProbe, probes)
QUALITY: Final = Mapped(QualityProbe, quality_probes)
VECTOR: Final = Mapped(ChunkVector, vectors_table)
_USED: Final = (BuildState.BUILDING, BuildState.ACTIVE, BuildState.SOAKING)


class SqlProbes(SqlRepository):
    async def get(self, tenant_id: Id, spec: str) -> EmbeddingProbe | None:
        return await PROBE.one(self._connection, PROBE.of(tenant_id, probes.c.spec == spec))

    async def all(self, tenant_id: Id) -> list[EmbeddingProbe]:
        return await PROBE.all(self._connection, PROBE.of(tenant_id).order_by(probes.c.spec))

    async def put(self, probe: EmbeddingProbe) -> None:
        values = PROBE.values(probe)
        statement = upsert_into(self._connection, probes).values(values)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["tenant_id", "spec"], set_=values)
        )

    async def is_stopped(self, tenant_id: Id, spec: str) -> bool:
        statement = select(probes.c.spec).where(
            probes.c.tenant_id == tenant_id, probes.c.spec == spec, probes.c.stopped_at.is_not(None)
        )
        return (await self._connection.execute(statement)).first() is not None

    async def lift(self, tenant_id: Id) -> int:
        lifted = update(probes).where(probes.c.tenant_id == tenant_id, probes.c.stopped_at.is_not(None))
        return (await self._connection.execute(lifted.values(stopped_at=None))).rowcount

    async def stopped(self) -> int:
        is_used = exists().where(
            builds.c.tenant_id == probes.c.tenant_id, builds.c.spec == probes.c.spec, one_of(builds.c.state, _USED)
        )
        statement = select(func.count()).select_from(probes).where(probes.c.stopped_at.is_not(None), is_used)
        return int((await self._connection.execute(statement)).scalar_one())

    async def put_quality(self, probe: QualityProbe) -> None:
        values = QUALITY.values(probe)
        statement = upsert_into(self._connection, quality_probes).values(values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["tenant_id"], set_=values))

    async def quality(self, tenant_id: Id) -> QualityProbe | None:
        return await QUALITY.one(self._connection, QUALITY.of(tenant_id))

    async def least_precision(self, questions: int) -> float | None:
        least = select(func.min(quality_probes.c.precision)).where(quality_probes.c.questions >= questions)
        return (await self._connection.execute(least)).scalar_one()

    async def references(self, tenant_id: Id, spec: str) -> dict[int, Sequence[float]]:
        statement = select(references_table.c.number, references_table.c.vector).where(
            references_table.c.tenant_id == tenant_id, references_table.c.spec == spec
        )
        return {row[0]: row[1] for row in await self._connection.execute(statement)}

    async def put_references(self, tenant_id: Id, spec: str, vectors: Mapping[int, Sequence[float]]) -> None:
        rows = [
            {"tenant_id": tenant_id, "spec": spec, "number": number, "vector": list(vector)}
            for number, vector in vectors.items()
        ]
        await insert_missing(self._connection, references_table, rows)

    async def sample(self, tenant_id: Id, spec: str, near: Id, limit: int) -> list[ChunkVector]:
        served = VECTOR.of(tenant_id, vectors_table.c.spec == spec, is_served())
        joined = served.join(versions, version_of_vector).join(documents, document_of_version)
        of_spec = joined.order_by(vectors_table.c.chunk_id)
        after = await VECTOR.all(self._connection, of_spec.where(vectors_table.c.chunk_id >= near).limit(limit))
        before = of_spec.where(vectors_table.c.chunk_id < near).limit(limit - len(after))
        return [*after, *await VECTOR.all(self._connection, before)]
