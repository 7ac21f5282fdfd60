"""index, verify, switch: the new version beside the old one, checked, then live in one transaction (P2)."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lethe.contracts.ingestion import DocumentRef, Indexed, Switched, VersionRef
from lethe.errors import IndexVerificationFailed, Place, VersionSuperseded, placed
from lethe.indexing.builds import active_vector_build
from lethe.indexing.objects import index_object, version_attributes
from lethe.indexing.properties import rewrite_properties
from lethe.ingestion.steps.pipeline import Pipeline, enter, wanted_of
from lethe.ingestion.steps.switching import switch_versions
from lethe.model.documents import Status, Version
from lethe.model.ids import Id, chunk_id
from lethe.model.indexes import Artefact, ArtefactState, ArtefactStore, IndexBuild
from lethe.ports.vectors import IndexObject
from lethe.privacy.sealing import unseal_vector

PAGE = 200
"""Objects opened and written at a time: bounds the clear text held in memory."""


async def index_version(pipeline: Pipeline, ref: VersionRef) -> Indexed:
    """Write every chunk of the version to the active build. Raises VersionSuperseded; then nothing of it is there."""
    version = await enter(pipeline, ref, Status.INDEXING)
    build, unwanted = await index_versions(pipeline, ref.tenant_id, [version])
    if unwanted:
        raise VersionSuperseded
    return Indexed(build_id=build.id, objects=version.chunk_count)


async def index_versions(
    pipeline: Pipeline, tenant_id: Id, versions: Sequence[Version]
) -> tuple[IndexBuild, frozenset[Id]]:
    """Write every chunk of the versions to the active build; returns it, and the versions nobody wants any more.

    Two units of work around the outside write: the first names the artefacts of those wanted then, the second checks
    that no document was deleted or fenced meanwhile, and the objects of those that were are taken out again.
    """
    ids = [version.id for version in versions]
    now = pipeline.clock.now()
    async with pipeline.ledger.write() as uow:
        await uow.tenants.lock(tenant_id)
        build = await active_vector_build(uow, tenant_id)
        named = list(await wanted_of(uow, tenant_id, ids))
        await uow.artefacts.plan_many(
            [Artefact(tenant_id, each, ArtefactStore.VECTOR, build.id, ArtefactState.PLANNED, now) for each in named]
        )
    keys = await pipeline.keyring.get_many(tenant_id, named)
    for page in pages([version for version in versions if version.id in keys], PAGE):
        with placed(page.place):
            await pipeline.index.upsert(build, await _objects(pipeline, tenant_id, page, keys))
    async with pipeline.ledger.write() as uow:
        wanted = await wanted_of(uow, tenant_id, ids)
        await uow.artefacts.set_states(tenant_id, list(wanted), ArtefactStore.VECTOR, build.id, ArtefactState.COMMITTED)
    unwanted = frozenset(ids) - wanted.keys()
    if unwanted:
        await pipeline.index.delete_versions(build, unwanted)
    for version in versions:
        current = wanted.get(version.id)
        if current is not None and current.meta_fp != version.meta_fp:
            await rewrite_properties(pipeline.ledger, pipeline.keyring, pipeline.index, build, current)
    return build, unwanted


@dataclass(frozen=True, slots=True)
class Page:
    """Chunks with start <= ordinal < stop of each of the versions."""

    versions: tuple[Version, ...]
    start: int
    stop: int

    @property
    def place(self) -> Place:
        """Where in its document a failure is; nowhere in particular where the page holds several whole ones."""
        first, *others = self.versions
        if others:
            return Place()
        return Place(first_chunk=self.start, last_chunk=min(self.stop, first.chunk_count) - 1)


def pages(versions: Iterable[Version], size: int) -> Iterator[Page]:
    """All chunks of the versions, about ``size`` at a time: small versions together, a large one in parts."""
    together: list[Version] = []
    held = 0
    for version in versions:
        if version.chunk_count > size:
            for start in range(0, version.chunk_count, size):
                yield Page((version,), start, start + size)
            continue
        if held + version.chunk_count > size:
            yield Page(tuple(together), 0, size)
            together, held = [], 0
        together.append(version)
        held += version.chunk_count
    if together:
        yield Page(tuple(together), 0, size)


async def _objects(pipeline: Pipeline, tenant_id: Id, page: Page, keys: Mapping[Id, bytes]) -> list[IndexObject]:
    versions = {version.id: version for version in page.versions}
    spec = pipeline.embedder.spec.key
    async with pipeline.ledger.read() as uow:
        chunks = await uow.chunks.of_versions(tenant_id, list(versions), page.start, page.stop)
        vectors = await uow.chunks.vectors_of(tenant_id, list(versions), spec, page.start, page.stop)

    def opened() -> list[IndexObject]:
        filters = {each: version_attributes(keys[each], version) for each, version in versions.items()}
        return [
            index_object(
                keys[chunk.version_id],
                versions[chunk.version_id],
                chunk,
                unseal_vector(keys[chunk.version_id], vectors[chunk.id].sealed_vector),
                filters[chunk.version_id],
            )
            for chunk in chunks
        ]

    return await asyncio.to_thread(opened)


async def verify_version(pipeline: Pipeline, ref: VersionRef) -> Indexed:
    """Compare the ids in the build with those in the ledger. Raises IndexVerificationFailed."""
    async with pipeline.ledger.read() as uow:
        build = await active_vector_build(uow, ref.tenant_id)
        wanted = {chunk.id for chunk in await uow.chunks.of_version(ref.tenant_id, ref.version_id)}
    found = await pipeline.index.chunk_ids(build, ref.version_id)
    if set(found) != wanted:
        raise IndexVerificationFailed(f"{len(wanted - found)} chunks are missing, {len(found - wanted)} are foreign.")
    return Indexed(build_id=build.id, objects=len(found))


async def unverified(pipeline: Pipeline, build: IndexBuild, versions: Sequence[Version]) -> list[Id]:
    """The versions whose objects in the build are not exactly their chunks, by their ids."""
    small = [version for version in versions if version.chunk_count <= PAGE]
    found = await pipeline.index.chunk_ids_of(build, {version.id: version.chunk_count for version in small})
    wrong: list[Id] = []
    for version in versions:
        wanted = frozenset(chunk_id(version.id, ordinal) for ordinal in range(version.chunk_count))
        is_small = version.id in found
        if (found[version.id] if is_small else await pipeline.index.chunk_ids(build, version.id)) != wanted:
            wrong.append(version.id)
    return wrong


async def switch_version(pipeline: Pipeline, ref: VersionRef) -> Switched:
    """Make the version the live one; the last submission wins. A repeat finds its own work done."""
    turn = await switch_versions(pipeline, ref.tenant_id, [ref.version_id])
    if ref.version_id not in turn.live_from:
        raise VersionSuperseded
    return Switched(
        seq=turn.live_from[ref.version_id],
        replaced=turn.replaced,
        abandoned=turn.abandoned,
        drop_after_seconds=pipeline.limits.drop_after_seconds,
    )


async def apply_metadata(pipeline: Pipeline, ref: DocumentRef) -> Indexed:
    """Rewrite the properties of the document's objects in the active build; their vectors stay.

    Versions still on their way are rewritten too: they may be live before anyone looks again.
    """
    async with pipeline.ledger.read() as uow:
        build = await active_vector_build(uow, ref.tenant_id)
        versions = await uow.versions.of_document(ref.tenant_id, ref.document_id)
    objects = 0
    for version in versions:
        objects += await rewrite_properties(pipeline.ledger, pipeline.keyring, pipeline.index, build, version)
    return Indexed(build_id=build.id, objects=objects)
