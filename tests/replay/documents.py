"""Runs of what is done with documents, whose histories are kept."""

from typing import Any

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.bulk import BulkState
from lethe.contracts.ingestion import DeletionPlan, DocumentRef, VersionRef
from lethe.contracts.letters import LetterSelection
from lethe.contracts.selection import SelectionRef, SelectionRun
from lethe.contracts.webhooks import DeliveryOutcome, DeliveryRef
from lethe.model.selections import SelectionAction
from lethe.model.webhooks import DeliveryState
from tests.replay.running import DOCUMENT, TENANT, VERSION, ended
from tests.workflows.scripted import Scripted
from tests.workflows.scripted_bulk import ScriptedBulk
from tests.workflows.scripted_selection import ScriptedSelection
from workflows.bulk import IngestBulk
from workflows.documents import ApplyMetadata, DeleteDocument
from workflows.ingestion import IngestDocument
from workflows.letters import DiscardVersion, ResolveLetters
from workflows.selection import ApplySelection
from workflows.webhooks import DeliverWebhook

_VERSION = VersionRef(tenant_id=TENANT, version_id=VERSION)
_DOCUMENT = DocumentRef(tenant_id=TENANT, document_id=DOCUMENT)


async def ingest_edit(client: Client) -> WorkflowHandle[Any, Any]:
    """An edit of 130 chunks whose index write fails once; the replaced version is dropped."""
    scripted = Scripted(chunks=130, replaced=[DOCUMENT])
    scripted.fails["index_version"] = ["index_unavailable"]
    async with scripted.running(client):
        return await ended(client, IngestDocument.run, _VERSION, "ingest-document/edit")


async def ingest_outside(client: Client) -> WorkflowHandle[Any, Any]:
    """Of which an outside provider cuts and embeds."""
    scripted = Scripted(chunks=65)
    scripted.asks_outside = True
    async with scripted.running(client):
        return await ended(client, IngestDocument.run, _VERSION, "ingest-document/outside")


async def ingest_driven_again(client: Client) -> WorkflowHandle[Any, Any]:
    """A store that is down longer than a step's attempts: dead letter, waiting, driven again."""
    scripted = Scripted(chunks=1)
    scripted.fails["verify_version"] = ["index_unavailable"] * 4
    scripted.attention = scripted.attention.model_copy(update={"drive_again": True})
    async with scripted.running(client):
        return await ended(client, IngestDocument.run, _VERSION, "ingest-document/again")


async def ingest_superseded(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = Scripted(chunks=1)
    scripted.fails["switch_version"] = ["version_superseded!"]
    async with scripted.running(client):
        return await ended(client, IngestDocument.run, _VERSION, "ingest-document/late")


async def ingest_released(client: Client) -> WorkflowHandle[Any, Any]:
    """Its document is restricted for two days, of which nobody tells."""
    scripted = Scripted(chunks=1)
    scripted.fails["validate_document"] = ["awaits_release!"] * 2
    async with scripted.running(client):
        return await ended(client, IngestDocument.run, _VERSION, "ingest-document/released")


async def resolve_letters(client: Client) -> WorkflowHandle[Any, Any]:
    """As an operator starts it: the selection is stored first."""
    scripted = Scripted()
    scripted.pages = 2
    async with scripted.running(client):
        wish = LetterSelection(tenant_id=TENANT, code="no_text")
        return await ended(client, ResolveLetters.run, wish, "resolve-letters/two-pages")


async def deliver_webhook(client: Client) -> WorkflowHandle[Any, Any]:
    """The second attempt gets through."""
    scripted = Scripted()
    late = DeliveryOutcome(state=DeliveryState.PENDING, code="webhook_timed_out", wait_seconds=5)
    scripted.deliveries = [late, DeliveryOutcome(state=DeliveryState.DELIVERED)]
    async with scripted.running(client):
        ref = DeliveryRef(tenant_id=TENANT, delivery_id=VERSION)
        return await ended(client, DeliverWebhook.run, ref, "deliver-webhook/late")


async def discard_version(client: Client) -> WorkflowHandle[Any, Any]:
    async with Scripted().running(client):
        return await ended(client, DiscardVersion.run, _VERSION, "discard-version/one")


async def ingest_bulk(client: Client) -> WorkflowHandle[Any, Any]:
    """Three batches that replace versions; a document fails and gets a workflow of its own."""
    scripted = ScriptedBulk(given=120)
    scripted.fails_at, scripted.replaces = frozenset({7}), True
    async with scripted.running(client):
        state = BulkState(tenant_id=TENANT, ingestion_id=DOCUMENT)
        return await ended(client, IngestBulk.run, state, "ingest-bulk/one")


async def delete_document(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = Scripted()
    scripted.plan = DeletionPlan(version_ids=[VERSION], running=[])
    async with scripted.running(client):
        return await ended(client, DeleteDocument.run, _DOCUMENT, "delete-document/one")


async def apply_metadata(client: Client) -> WorkflowHandle[Any, Any]:
    async with Scripted().running(client):
        return await ended(client, ApplyMetadata.run, _DOCUMENT, "apply-metadata/one")


async def delete_selection(client: Client) -> WorkflowHandle[Any, Any]:
    """Two pages to change and two to remove, of which one fails once."""
    scripted = ScriptedSelection(SelectionAction.DELETE, documents=100, page=50)
    scripted.fails["remove_deleted"] = ["index_unavailable"]
    async with scripted.running(client):
        return await ended(client, ApplySelection.run, _selection(), "apply-selection/delete")


async def update_selection(client: Client) -> WorkflowHandle[Any, Any]:
    scripted = ScriptedSelection(SelectionAction.UPDATE, documents=5)
    async with scripted.running(client):
        return await ended(client, ApplySelection.run, _selection(), "apply-selection/update")


def _selection() -> SelectionRun:
    return SelectionRun(selection=SelectionRef(tenant_id=TENANT, selection_id=DOCUMENT))


DOCUMENTS = (
    ingest_edit,
    ingest_outside,
    ingest_driven_again,
    ingest_superseded,
    ingest_released,
    resolve_letters,
    discard_version,
    deliver_webhook,
    delete_document,
    apply_metadata,
    delete_selection,
    update_selection,
)
