"""Runs of the workflows of index builds."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.indexing import BuildRun, Closed, RebuildRun
from lethe.contracts.migrations import MigrationRun
from lethe.model.indexes import BuildKind
from tests.replay.running import DOCUMENT, TENANT, VERSION, ended
from tests.workflows.scripted import Scripted
from tests.workflows.scripted_migrations import ScriptedMigration
from workflows.index_builds import BuildIndex, RebuildIndex
from workflows.migrations import MigrateEmbeddings


async def build_index(client: Client) -> WorkflowHandle[Any, Any]:
    """Two pages, the second one asked for twice; the cutover at the second try."""
    scripted = Scripted()
    scripted.follow_pages = 2
    scripted.fails["follow_build"] = ["ledger_unavailable"]
    scripted.closings = [Closed()]
    async with scripted.running(client):
        return await ended(client, BuildIndex.run, BuildRun(tenant_id=TENANT, build_id=VERSION), "build-index/one")


async def build_index_taken_back(client: Client) -> WorkflowHandle[Any, Any]:
    """While the replaced build soaks."""
    scripted = Scripted()
    scripted.closings = [Closed(is_active=True, replaced=DOCUMENT, drop_after_seconds=1.0, soak_pause_seconds=1.0)]
    async with scripted.running(client):
        run = BuildRun(tenant_id=TENANT, build_id=VERSION, soak_seconds=3600.0, goes_back=True)
        return await ended(client, BuildIndex.run, run, "build-index/back")


async def build_index_aborted(client: Client) -> WorkflowHandle[Any, Any]:
    async with Scripted().running(client):
        run = BuildRun(tenant_id=TENANT, build_id=VERSION, is_aborted=True)
        return await ended(client, BuildIndex.run, run, "build-index/aborted")


async def rebuild_index(client: Client) -> WorkflowHandle[Any, Any]:
    async with Scripted().running(client):
        run = RebuildRun(tenant_id=TENANT, kind=BuildKind.VECTOR)
        return await ended(client, RebuildIndex.run, run, "rebuild-index/one")


async def migrate_embeddings(client: Client) -> WorkflowHandle[Any, Any]:
    """Judged, and served; the replaced build is dropped without a soak."""
    scripted = ScriptedMigration()
    scripted.fails["check_migration"] = ["index_unavailable"]
    async with scripted.running(client):
        run = MigrationRun(tenant_id=TENANT, build_id=VERSION)
        return await ended(client, MigrateEmbeddings.run, run, "migrate-embeddings/one")


async def migrate_embeddings_refused(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = ScriptedMigration()
    scripted.passes = False
    async with scripted.running(client):
        run = MigrationRun(tenant_id=TENANT, build_id=VERSION)
        return await ended(client, MigrateEmbeddings.run, run, "migrate-embeddings/refused")


BUILDS = (
    build_index,
    build_index_taken_back,
    build_index_aborted,
    rebuild_index,
    migrate_embeddings,
    migrate_embeddings_refused,
)
