"""Taking a retired build out of its store, and proving that it is gone."""

from lethe.contracts.indexing import BuildRef
from lethe.errors import IndexBuildRemains, IndexBuildStateConflict
from lethe.indexing.moves import move
from lethe.model.indexes import BuildState, IndexBuild
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import ChunkIndex


async def drop_retired(ledger: Ledger, index: ChunkIndex, build: IndexBuild) -> None:
    """Only when the store lists it no more does the ledger forget where its bytes were. Idempotent.

    Raises IndexBuildStateConflict for one that is not retired, IndexBuildRemains if the store keeps it.
    """
    if build.state is not BuildState.RETIRED:
        raise IndexBuildStateConflict(f"An index build that is {build.state} cannot be dropped.")
    await index.drop_build(build)
    if await index.exists(build):
        raise IndexBuildRemains
    ref = BuildRef(tenant_id=build.tenant_id, build_id=build.id)
    async with ledger.write() as uow:
        await uow.tenants.lock(ref.tenant_id)
        current = await uow.builds.get(ref.tenant_id, ref.build_id)
        if current is not None and current.state is BuildState.RETIRED:
            await move(uow, current, BuildState.DROPPED)
        await uow.artefacts.forget_build(ref.tenant_id, ref.build_id)
