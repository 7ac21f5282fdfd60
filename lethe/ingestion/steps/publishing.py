"""index, verify, switch: the new version beside the old one, checked, then live in one transaction (P2)."""

from lethe.contracts.ingestion import DocumentRef, Indexed, Switched, VersionRef
from lethe.errors import AwaitsRelease, IndexVerificationFailed, VersionSuperseded
from lethe.indexing.builds import active_vector_build
from lethe.indexing.properties import rewrite_properties
from lethe.ingestion.steps.indexing import index_versions
from lethe.ingestion.steps.pipeline import Pipeline, enter
from lethe.ingestion.steps.switching import switch_versions
from lethe.model.documents import Status
from lethe.model.indexes import BuildKind, BuildState


async def index_version(pipeline: Pipeline, ref: VersionRef) -> Indexed:
    """Write every chunk of the version to the active build. Raises VersionSuperseded; then nothing of it is there."""
    version = await enter(pipeline, ref, Status.INDEXING)
    build, unwanted = await index_versions(pipeline, ref.tenant_id, [version])
    if unwanted:
        raise VersionSuperseded
    return Indexed(build_id=build.id, objects=version.chunk_count)


async def verify_version(pipeline: Pipeline, ref: VersionRef) -> Indexed:
    """Compare the ids in the build with those in the ledger. Raises IndexVerificationFailed.

    What is not there is written again first: a killed store may lose what it had taken, and a build may have become
    the active one since the version was indexed.
    """
    async with pipeline.ledger.read() as uow:
        build = await active_vector_build(uow, ref.tenant_id)
        wanted = {chunk.id for chunk in await uow.chunks.of_version(ref.tenant_id, ref.version_id)}
        written = await uow.artefacts.committed(ref.tenant_id, [ref.version_id], build.id)
    found = await pipeline.index.chunk_ids(build, ref.version_id)
    if not written or not found >= wanted:
        await index_version(pipeline, ref)
        found = await pipeline.index.chunk_ids(build, ref.version_id)
    if set(found) != wanted:
        raise IndexVerificationFailed(f"{len(wanted - found)} chunks are missing, {len(found - wanted)} are foreign.")
    return Indexed(build_id=build.id, objects=len(found))


async def switch_version(pipeline: Pipeline, ref: VersionRef) -> Switched:
    """Make the version the live one; the last submission wins. A repeat finds its own work done.

    Raises VersionSuperseded; AwaitsRelease while the document is restricted.
    """
    turn = await switch_versions(pipeline, ref.tenant_id, [ref.version_id])
    if turn.waiting:
        raise AwaitsRelease
    if ref.version_id not in turn.live_from:
        raise VersionSuperseded
    return Switched(
        seq=turn.live_from[ref.version_id],
        replaced=turn.replaced,
        abandoned=turn.abandoned,
        drop_after_seconds=pipeline.limits.drop_after_seconds,
    )


async def apply_metadata(pipeline: Pipeline, ref: DocumentRef) -> Indexed:
    """Rewrite the properties of the document's objects in the open builds; their vectors stay.

    Versions still on their way are rewritten too: they may be live before anyone looks again. A build that was replaced
    after the change had been committed does not learn of it by following.
    """
    async with pipeline.ledger.read() as uow:
        build = await active_vector_build(uow, ref.tenant_id)
        keyword_builds = await uow.builds.open_keywords(ref.tenant_id)
        replaced = [
            each
            for each in await uow.builds.list(ref.tenant_id)
            if each.kind is BuildKind.VECTOR and each.state is BuildState.SOAKING
        ]
        versions = await uow.versions.of_document(ref.tenant_id, ref.document_id)
    targets = [
        (pipeline.index, build),
        *((pipeline.index, each) for each in replaced),
        *((pipeline.keywords, each) for each in keyword_builds),
    ]
    objects = 0
    for version in versions:
        objects += await rewrite_properties(pipeline.ledger, pipeline.keyring, targets, version)
    return Indexed(build_id=build.id, objects=objects)
