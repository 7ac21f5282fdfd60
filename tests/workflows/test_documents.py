"""DeleteDocument and ApplyMetadata."""

import asyncio

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.testing import WorkflowEnvironment

from lethe.contracts.ingestion import DeletionPlan, DocumentRef, Dropped, IngestStart
from lethe.model.ids import new_id
from tests.workflows.scripted import Scripted, replayed
from workflows.documents import ApplyMetadata, DeleteDocument
from workflows.ingestion import IngestDocument
from workflows.policies import Queue

TENANT = new_id()


async def test_deleting_cancels_an_ingestion_that_waits(client: Client, environment: WorkflowEnvironment) -> None:
    version, document = new_id(), new_id()
    scripted = Scripted(chunks=1)
    scripted.fails["parse_document"] = ["no_text!"]
    scripted.plan = DeletionPlan(version_ids=[version], running=[version])
    async with scripted.running(client):
        with environment.auto_time_skipping_disabled():
            ingestion = await client.start_workflow(
                IngestDocument.run,
                IngestStart(tenant_id=TENANT, version_id=version),
                id=f"ingest-document/{TENANT}/{version}",
                task_queue=Queue.CONTROL,
            )
            while not (await ingestion.query(IngestDocument.progress)).attention:
                await asyncio.sleep(0.05)
        deletion = await client.start_workflow(
            DeleteDocument.run,
            DocumentRef(tenant_id=TENANT, document_id=document),
            id=f"delete-document/{TENANT}/{document}",
            task_queue=Queue.CONTROL,
        )
        assert await deletion.result() == Dropped(objects=2, chunks=2, blobs=2)
        with pytest.raises(WorkflowFailureError):
            await ingestion.result()
    assert scripted.dropped == [version]
    await replayed(deletion)


async def test_a_deletion_goes_on_until_every_store_took_part(client: Client) -> None:
    document = new_id()
    scripted = Scripted(chunks=1)
    scripted.plan = DeletionPlan(version_ids=[new_id()], running=[])
    scripted.fails["finish_deletion"] = ["index_unavailable"] * 5
    async with scripted.running(client):
        deletion = await client.start_workflow(
            DeleteDocument.run,
            DocumentRef(tenant_id=TENANT, document_id=document),
            id=f"delete-document/{TENANT}/{document}",
            task_queue=Queue.CONTROL,
        )
        await deletion.result()
    assert scripted.calls.count("finish_deletion") == 6
    await replayed(deletion)


async def test_metadata_reaches_the_index_however_long_it_is_down(client: Client) -> None:
    document = new_id()
    scripted = Scripted(chunks=1)
    scripted.fails["apply_metadata"] = ["index_unavailable"] * 9
    async with scripted.running(client):
        change = await client.start_workflow(
            ApplyMetadata.run,
            DocumentRef(tenant_id=TENANT, document_id=document),
            id=f"apply-metadata/{TENANT}/{document}",
            task_queue=Queue.CONTROL,
        )
        await change.result()
    assert scripted.calls == ["apply_metadata"] * 10
    await replayed(change)
