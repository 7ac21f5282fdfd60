"""Writing versions to the index builds, with a unit of work before the outside writes and one after them."""

import asyncio
from collections.abc import Mapping, Sequence

from lethe.errors import EmbedderUnavailable, IndexBuildMissing, placed
from lethe.indexing.builds import active_vector_build
from lethe.indexing.keyword_builds import KeywordBuilds
from lethe.indexing.objects import index_object, version_attributes
from lethe.indexing.paging import PAGE, Page, pages
from lethe.indexing.properties import rewrite_properties
from lethe.ingestion.steps.embedding import give_vectors
from lethe.ingestion.steps.pipeline import Pipeline, wanted_of
from lethe.model.documents import Version
from lethe.model.ids import Id, chunk_id
from lethe.model.indexes import Artefact, ArtefactState, ArtefactStore, IndexBuild
from lethe.ports.vectors import IndexObject
from lethe.privacy.sealing import unseal_vector


async def index_versions(
    pipeline: Pipeline, tenant_id: Id, versions: Sequence[Version]
) -> tuple[IndexBuild, frozenset[Id]]:
    """Write every chunk of the versions to the active vector build and to each open keyword build.

    Returns the vector build, and the versions nobody wants any more. Two units of work around the outside writes: the
    first names the artefacts of those wanted then, the second checks that no document was deleted or fenced meanwhile,
    and the objects of those that were are taken out again.
    """
    ids = [version.id for version in versions]
    now = pipeline.clock.now()
    async with pipeline.ledger.write() as uow:
        await uow.tenants.lock(tenant_id)
        build = await active_vector_build(uow, tenant_id)
        keyword_builds = await uow.builds.open_keywords(tenant_id)
        named = list(await wanted_of(uow, tenant_id, ids))
        places = [(ArtefactStore.VECTOR, build), *((ArtefactStore.KEYWORD, each) for each in keyword_builds)]
        await uow.artefacts.plan_many(
            [
                Artefact(tenant_id, version_id, store, each.id, ArtefactState.PLANNED, now)
                for version_id in named
                for store, each in places
            ]
        )
    keys = await pipeline.keyring.get_many(tenant_id, named)
    lost: set[Id] = set()
    for page in pages([version for version in versions if version.id in keys], PAGE):
        with placed(page.place):
            objects = await _objects(pipeline, build, page, keys)
            await pipeline.index.upsert(build, objects)
            lost |= await _write_keywords(pipeline, keyword_builds, objects)
    async with pipeline.ledger.write() as uow:
        wanted = await wanted_of(uow, tenant_id, ids)
        for store, each in places:
            if each.id not in lost:
                await uow.artefacts.set_states(tenant_id, list(wanted), store, each.id, ArtefactState.COMMITTED)
    if lost:
        await KeywordBuilds(pipeline.ledger, pipeline.keywords).ensure(tenant_id, now)
    unwanted = frozenset(ids) - wanted.keys()
    if unwanted:
        await pipeline.index.delete_versions(build, unwanted)
        for each in keyword_builds:
            await pipeline.keywords.delete_versions(each, unwanted)
    targets = [(pipeline.index, build), *((pipeline.keywords, each) for each in keyword_builds)]
    for version in versions:
        current = wanted.get(version.id)
        if current is not None and current.meta_fp != version.meta_fp:
            await rewrite_properties(pipeline.ledger, pipeline.keyring, targets, current)
    return build, unwanted


async def _write_keywords(pipeline: Pipeline, builds: Sequence[IndexBuild], objects: Sequence[IndexObject]) -> set[Id]:
    """Returns the builds that their store has lost: a new one takes their place, and the switch asks for it."""
    lost: set[Id] = set()
    for build in builds:
        try:
            await pipeline.keywords.write(build, objects)
        except IndexBuildMissing:
            lost.add(build.id)
    return lost


async def _objects(pipeline: Pipeline, build: IndexBuild, page: Page, keys: Mapping[Id, bytes]) -> list[IndexObject]:
    versions = {version.id: version for version in page.versions}
    async with pipeline.ledger.read() as uow:
        chunks = await uow.chunks.of_versions(build.tenant_id, list(versions), page.start, page.stop)
        vectors = await uow.chunks.vectors_of(build.tenant_id, list(versions), build.spec, page.start, page.stop)
    if missing := [chunk for chunk in chunks if chunk.id not in vectors]:
        # Another model's build took the place of the one they were embedded for.
        await give_vectors(pipeline, pipeline.model_of(build.spec), build.tenant_id, missing)
        async with pipeline.ledger.read() as uow:
            vectors = await uow.chunks.vectors_of(build.tenant_id, list(versions), build.spec, page.start, page.stop)
    if len(vectors) < len(chunks):
        raise EmbedderUnavailable(f"{len(chunks) - len(vectors)} chunks have no vector of the build's model.")

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
