"""The bare store calls: a document deleted by Lethe's own adapters in the process that asks, and nothing else."""

import asyncio
import time
from collections.abc import Sequence

from bench.installation import Installation
from lethe.adapters.stores import Stores, open_stores
from lethe.model.blobs import blob_prefix
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind
from lethe.settings import Settings, TestingSettings


def bare_seconds(installation: Installation, tenant_id: Id, document_ids: Sequence[Id]) -> list[float]:
    """How long each document took. No workflow, no manifest, nothing read back, no drain."""
    return asyncio.run(_all(_settings(installation), tenant_id, document_ids))


def _settings(installation: Installation) -> Settings:
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        state=installation.stack.state,
        weaviate=installation.weaviate,
        testing=TestingSettings(free_embedder=installation.is_free),
    )


async def _all(settings: Settings, tenant_id: Id, document_ids: Sequence[Id]) -> list[float]:
    took = list[float]()
    async with open_stores(settings) as stores:
        await _delete(stores, tenant_id, document_ids[0])
        for document_id in document_ids[1:]:
            started = time.perf_counter()
            await _delete(stores, tenant_id, document_id)
            took.append(time.perf_counter() - started)
    return took


async def _delete(stores: Stores, tenant_id: Id, document_id: Id) -> None:
    async with stores.ledger.read() as uow:
        versions = [each.id for each in await uow.versions.of_document(tenant_id, document_id)]
        builds = await uow.builds.list(tenant_id)
    assert versions, f"nothing to delete of {document_id}"
    for build in builds:
        index = stores.index if build.kind is BuildKind.VECTOR else stores.keywords
        await index.delete_versions(build, versions)
    for version_id in versions:
        await stores.blobs.delete_prefix(blob_prefix(tenant_id, version_id))
    await stores.keyring.destroy(tenant_id, versions)
    async with stores.ledger.write() as uow:
        await uow.tenants.lock(tenant_id)
        for version_id in versions:
            await uow.chunks.delete(tenant_id, version_id)
            await uow.artefacts.delete(tenant_id, version_id)
            await uow.subjects.unlink(tenant_id, version_id)
            await uow.versions.delete(tenant_id, version_id)
        await uow.documents.delete(tenant_id, document_id)
