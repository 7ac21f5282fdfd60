"""The first index build of a tenant, and which build a writer writes."""

from dataclasses import dataclass
from datetime import datetime

from lethe.errors import EmbeddingSpecMismatch, IndexBuildMissing
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState, EmbeddingSpec, IndexBuild, collection_name, dims_of
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.ports.vectors import VectorIndex


async def active_vector_build(uow: UnitOfWork, tenant_id: Id) -> IndexBuild:
    """The build that ingestion writes and questions read. Raises IndexBuildMissing."""
    build = await uow.builds.active(tenant_id, BuildKind.VECTOR)
    if build is None:
        raise IndexBuildMissing
    return build


async def refuse_other_specs(ledger: Ledger, spec: EmbeddingSpec, *others: EmbeddingSpec) -> None:
    """For start-up: where no model's vectors fit an active build, nothing would be found by meaning, nor be indexed.

    Raises EmbeddingSpecMismatch, naming what is configured and what is in use.
    """
    async with ledger.read() as uow:
        specs = await uow.builds.active_specs(BuildKind.VECTOR)
    known = {spec.key, *(other.key for other in others)}
    if strangers := {name: tenants for name, tenants in specs.items() if name not in known}:
        used = ", ".join(f"{name} ({tenants} tenants)" for name, tenants in sorted(strangers.items()))
        raise EmbeddingSpecMismatch(f"The configured embedder is {spec.key}, but active indexes were made by {used}.")


@dataclass(frozen=True, slots=True)
class FirstBuild:
    """Gives a new tenant its first builds: planned in the ledger before the stores have them."""

    ledger: Ledger
    index: VectorIndex
    keywords: KeywordIndex
    spec: EmbeddingSpec

    async def ensure(self, tenant_id: Id, now: datetime) -> IndexBuild:
        """The tenant's active vector build, made if there is none, and a keyword build. Idempotent."""
        async with self.ledger.write() as uow:
            tenant = await uow.tenants.lock(tenant_id)
            build = await uow.builds.active(tenant_id, BuildKind.VECTOR)
            if build is None:
                build = IndexBuild(
                    tenant_id=tenant_id,
                    id=new_id(),
                    kind=BuildKind.VECTOR,
                    spec=self.spec.key,
                    number=1,
                    collection=collection_name(self.spec.key),
                    state=BuildState.ACTIVE,
                    seq=tenant.seq,
                    created_at=now,
                    served_from=(tenant.seq,),
                )
                await uow.builds.add(build)
        await self.index.create_build(build, dims_of(build.spec))
        await KeywordBuilds(self.ledger, self.keywords).ensure(tenant_id, now)
        return build
